import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AuthClient, type CallOptions } from "../src/index.ts";
import {
  answers,
  hangs,
  losesAnswer,
  type MisbehavingServer,
  misbehavingServer,
} from "./misbehaving-server.ts";
import { verbs, welcome } from "./verbs.ts";

let server: MisbehavingServer;
beforeEach(async () => {
  server = await misbehavingServer();
  server.will(answers(200, welcome));
});
afterEach(() => server[Symbol.asyncDispose]());

const client = (options: CallOptions = {}) =>
  new AuthClient({ baseURL: server.url, retry: false, ...options });

describe("a logger", () => {
  const fields = (name: keyof typeof verbs) => ({
    method: name === "me" ? "GET" : "POST",
    path: `/api/v1/auth/${name}`,
    ms: expect.any(Number),
  });
  const names = ["login", "refresh", "me", "logout"] as const;

  test.each(names)("gets one line for every attempt of %s", async (name) => {
    server.will(answers(503), answers(200, welcome));
    const logged: unknown[] = [];
    const logger = { debug: (...given: unknown[]) => void logged.push(given) };
    await verbs[name](client({ logger, retry: { initialInterval: 0 }, basePath: "/api/v1/auth" }));
    expect(logged).toEqual([
      ["attempt", { ...fields(name), status: 503 }],
      ["attempt", { ...fields(name), status: 200 }],
    ]);
  });

  test.each<readonly [string | undefined, CallOptions]>([
    ["connection", {}],
    ["timeout", { timeout: 20, middleware: [() => new Promise(() => {})] }],
    ["aborted", abortedOnTheWay()],
    [undefined, { middleware: [() => Promise.reject(new Error("a secret"))] }],
  ])("gets the kind of a failed attempt: %s", async (error, options) => {
    server.will(error === "connection" ? losesAnswer : hangs);
    const logged: unknown[] = [];
    const logger = { debug: (...given: unknown[]) => void logged.push(given) };
    const auth = client({ logger, basePath: "/api/v1/auth" });
    await expect(auth.me(options)).rejects.toThrow();
    expect(logged).toEqual([["attempt", { ...fields("me"), error }]]);
  });
});

function abortedOnTheWay(): CallOptions {
  const controller = new AbortController();
  const abort = () => {
    controller.abort();
    return new Promise<never>(() => {});
  };
  return { signal: controller.signal, middleware: [abort] };
}

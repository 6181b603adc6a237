import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AuthClient, type CallOptions } from "../src/index.ts";
import { answers, hangs, type MisbehavingServer, misbehavingServer } from "./misbehaving-server.ts";
import { welcome } from "./verbs.ts";

let server: MisbehavingServer;
beforeEach(async () => {
  server = await misbehavingServer();
  server.will(answers(200, welcome));
});
afterEach(() => server[Symbol.asyncDispose]());

const alice = { username: "alice", password: "alice123" };
const client = (options: CallOptions = {}) =>
  new AuthClient({ baseURL: server.url, retry: false, ...options });

test("a logger that throws does not fail the call", async () => {
  const logger = {
    debug: () => {
      throw new Error("the disk is full");
    },
  };
  const auth = client({ logger });
  await auth.login(alice);
  expect(await auth.token()).toBe(welcome.access_token);
});

test("an empty token counts as no token", async () => {
  const auth = client({ token: "" });
  await expect(auth.token()).rejects.toMatchObject({ kind: "signed_out" });
  await expect(auth.fetch(server.url)).rejects.toMatchObject({ kind: "signed_out" });
});

test("undefined options change nothing, in retry and headers too", async () => {
  const auth = client({ retry: { statusCodes: undefined, maxRetries: undefined }, headers: { "x-a": "1" } });
  await auth.login(alice, { headers: JSON.parse("{}"), retry: { exponent: undefined } });
  expect(server.received.at(-1)?.headers["x-a"]).toBe("1");
});

describe.each(["signal", "close"] as const)("%s ends a wait for", (way) => {
  const giveUp = (auth: AuthClient, controller: AbortController) =>
    way === "signal" ? controller.abort() : auth.close();

  const token = () => new Promise<string>(() => {});
  test.each<readonly [string, (auth: AuthClient, signal: AbortSignal) => Promise<unknown>]>([
    ["of the client", (auth, signal) => auth.with({ token }).me({ signal })],
    ["of me", (auth, signal) => auth.me({ token, signal })],
    ["of logout", (auth, signal) => auth.logout({ token, signal })],
  ])("a token function %s that never resolves", async (_owner, start) => {
    const auth = client();
    const controller = new AbortController();
    const call = start(auth, controller.signal);
    giveUp(auth, controller);
    await expect(call).rejects.toMatchObject({ kind: "aborted" });
  });

  test("a refresh after a refused token", async () => {
    const auth = client();
    await auth.login(alice);
    const controller = new AbortController();
    server.will(answers(401, { detail: "Not any more" }), hangs);
    const me = auth.me({ signal: controller.signal });
    me.catch(() => {});
    await server.arrived(3);
    giveUp(auth, controller);
    await expect(me).rejects.toMatchObject({ kind: "aborted" });
  });
});

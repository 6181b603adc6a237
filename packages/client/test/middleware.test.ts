import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AuthClient, type CallOptions, type Middleware } from "../src/index.ts";
import { answers, losesAnswer, type MisbehavingServer, misbehavingServer } from "./misbehaving-server.ts";
import { verbs, welcome } from "./verbs.ts";
import { named } from "./wire-tap.ts";

let server: MisbehavingServer;
beforeEach(async () => {
  server = await misbehavingServer();
  server.will(answers(200, welcome));
});
afterEach(() => server[Symbol.asyncDispose]());

const client = (options: CallOptions = {}) =>
  new AuthClient({ baseURL: server.url, retry: false, ...options });

describe("middleware", () => {
  test("wraps every attempt, the first outermost", async () => {
    server.will(answers(503), answers(200, welcome));
    const middleware = [named("first"), named("second"), named("third")];
    const { response } = await client({ middleware, retry: { initialInterval: 0 } })
      .me()
      .withResponse();
    const passed = server.received.map(({ headers }) => headers["x-passed"]);
    expect(passed).toEqual(["first, second, third", "first, second, third"]);
    expect(response.headers.get("x-passed")).toBe("third, second, first");
  });

  test("may answer without sending", async () => {
    const middleware: Middleware[] = [async () => Response.json({ ...welcome, username: "somebody" })];
    await expect(client({ middleware }).me()).resolves.toMatchObject({ username: "somebody" });
    expect(server.received).toHaveLength(0);
  });

  test("may send a different request", async () => {
    const elsewhere: Middleware = (request, next) => next(new Request(`${server.url}/other`, request));
    await client({ middleware: [elsewhere] }).login({ username: "alice", password: "secret" });
    expect(server.received).toMatchObject([
      { method: "POST", path: "/other", body: expect.stringContaining("secret") },
    ]);
  });

  test("sees a lost connection and may retry it", async () => {
    server.will(losesAnswer, answers(200, welcome));
    const seen: unknown[] = [];
    const again: Middleware = (request, next) => {
      const copy = request.clone();
      return next(request).catch((error: unknown) => {
        seen.push(error);
        return next(copy);
      });
    };
    await client({ middleware: [again] }).login({ username: "alice", password: "secret" });
    expect(seen).toMatchObject([{ kind: "connection" }]);
    expect(server.received[1]?.body).toBe(server.received[0]?.body);
  });

  test("of a call replaces that of the client", async () => {
    await client({ middleware: [named("client")] }).me({ middleware: [named("call")] });
    expect(server.received[0]?.headers["x-passed"]).toBe("call");
  });
});

describe("a custom fetch", () => {
  test.each(Object.entries(verbs))("is called by %s, without a receiver", async (_name, verb) => {
    const given: unknown[] = [];
    // Browsers reject any receiver but the window.
    function own(this: unknown, request: Request): Promise<Response> {
      given.push(this, request.url);
      return fetch(request);
    }
    await verb(client({ fetch: own }));
    expect(given).toEqual([undefined, `${server.url}${server.received[0]?.path}`]);
  });

  test("is called by fetch, without a receiver", async () => {
    const given: unknown[] = [];
    function own(this: unknown, request: Request): Promise<Response> {
      given.push(this, request.headers.get("authorization"));
      return fetch(request);
    }
    await client({ fetch: own, token: "t" }).fetch(`${server.url}/notes`);
    expect(given).toEqual([undefined, "Bearer t"]);
  });

  test("that rejects is a lost connection with a cause", async () => {
    const cause = new Error("no route");
    const call = client({ fetch: () => Promise.reject(cause) }).me();
    await expect(call).rejects.toMatchObject({ kind: "connection", cause });
  });
});

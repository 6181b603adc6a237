import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AuthClient, dbrsdkRetry, type RetryOptions } from "../src/index.ts";
import {
  answers,
  cuts,
  deadAddress,
  losesAnswer,
  type MisbehavingServer,
  misbehavingServer,
  resets,
  resetsUnread,
  sendsRaw,
} from "./misbehaving-server.ts";
import { repeatable, unrepeatable, verbs, welcome } from "./verbs.ts";

let server: MisbehavingServer;
beforeEach(async () => {
  server = await misbehavingServer();
});
afterEach(() => server[Symbol.asyncDispose]());

/** A client without waits before its retries. */
const client = (retry: Partial<RetryOptions> = {}) =>
  new AuthClient({ baseURL: server.url, retry: { initialInterval: 0, ...retry } });

const lost = [
  ["a lost answer", losesAnswer],
  ["a connection reset after the request", resets],
  ["a connection reset before the request", resetsUnread],
  ["a body that is cut short", cuts(200, JSON.stringify(welcome))],
  ["an answer other than HTTP", sendsRaw("220 smtp.example ready\r\n")],
] as const;

describe.each(repeatable)("%s", (_name, verb) => {
  test.each([408, 429, 500, 502, 503, 504, 599])("is retried after a %i", async (status) => {
    server.will(answers(status), answers(status), answers(200, welcome));
    await expect(verb(client())).resolves.toMatchObject({});
    expect(server.received).toHaveLength(3);
  });

  test.each(lost)("is retried after %s", async (_case, behaviour) => {
    server.will(behaviour, behaviour, answers(200, welcome));
    await expect(verb(client())).resolves.toMatchObject({});
    expect(server.connections()).toBe(3);
  });

  test("sends the same request each time", async () => {
    server.will(answers(500), answers(200, welcome));
    await verb(client());
    expect(server.received[1]).toEqual(server.received[0]);
  });
});

describe.each(unrepeatable)("%s", (_name, verb) => {
  test.each([408, 429, 503])("is retried after a %i, since nothing was processed", async (status) => {
    server.will(answers(status), answers(status), answers(200, welcome));
    await expect(verb(client())).resolves.toMatchObject({ accessToken: "access-token" });
    expect(server.received).toHaveLength(3);
    expect(server.received[2]).toEqual(server.received[0]);
  });

  test("is retried if the connection was refused", async () => {
    const dead = await deadAddress();
    server.will(answers(200, welcome));
    let attempts = 0;
    const fetching = (request: Request) => (attempts++ < 2 ? fetch(dead, request) : fetch(request));
    await expect(verb(client().with({ fetch: fetching }))).resolves.toMatchObject({});
    expect({ attempts, received: server.received.length }).toEqual({ attempts: 3, received: 1 });
  });

  test.each([500, 502, 504, 599])("is not sent twice after a %i", async (status) => {
    server.will(answers(status), answers(200, welcome));
    await expect(verb(client())).rejects.toMatchObject({ kind: "server", status });
    expect(server.received).toHaveLength(1);
  });

  test.each(lost)("is not sent twice after %s", async (_case, behaviour) => {
    server.will(behaviour, answers(200, welcome));
    await expect(verb(client())).rejects.toMatchObject({ kind: "connection" });
    expect(server.connections()).toBe(1);
  });

  test("is not sent twice, whatever the options", async () => {
    server.will(losesAnswer, answers(200, welcome));
    await expect(verb(client({ ...dbrsdkRetry, statusCodes: ["4XX", "5XX"] }))).rejects.toThrow();
    expect(server.received).toHaveLength(1);
  });
});

describe.each(Object.entries(verbs))("%s", (_name, verb) => {
  test.each([400, 401, 403, 404, 409, 418, 422])("is not retried after a %i", async (status) => {
    server.will(answers(status), answers(200, welcome));
    await expect(verb(client())).rejects.toMatchObject({ status });
    expect(server.received).toHaveLength(1);
  });

  test("fails after two retries, with the last error", async () => {
    server.will(answers(503), answers(429), answers(503, { message: "Still not" }));
    await expect(verb(client())).rejects.toMatchObject({ kind: "server", message: "Still not" });
    expect(server.received).toHaveLength(3);
  });

  test("is sent once with retry: false, for the client or the call", async () => {
    server.will(answers(503));
    await expect(verb(client().with({ retry: false }))).rejects.toMatchObject({ status: 503 });
    expect(server.received).toHaveLength(1);
    await expect(verb(client(), { retry: false })).rejects.toMatchObject({ status: 503 });
    expect(server.received).toHaveLength(2);
  });
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AuthClient, dbrsdkRetry, mcpClientRetry, type RetryOptions } from "../src/index.ts";
import { answers, losesAnswer, type MisbehavingServer, misbehavingServer } from "./misbehaving-server.ts";
import { welcome } from "./verbs.ts";

let server: MisbehavingServer;
beforeEach(async () => {
  server = await misbehavingServer();
});
afterEach(() => server[Symbol.asyncDispose]());

/** A client that does not wait before it tries again. */
const client = (retry: Partial<RetryOptions> = {}) =>
  new AuthClient({ baseURL: server.url, retry: { initialInterval: 0, ...retry } });

describe("what is set", () => {
  test("for a call comes before what the client has, and the rest stays", async () => {
    server.will(answers(503));
    const auth = client({ maxRetries: 1 });
    await auth.me({ retry: { maxRetries: 4 } }).result();
    expect(server.received).toHaveLength(5);
    await auth.me().result();
    expect(server.received).toHaveLength(7);
    await auth
      .with({ retry: false })
      .me({ retry: { maxRetries: 2 } })
      .result();
    expect(server.received).toHaveLength(10);
  });

  test.each([
    [["4XX"], 404, 3],
    [["4XX"], 500, 1],
    [[418], 418, 3],
    [[418], 419, 1],
    [[], 503, 1],
  ] as const)("status codes %j after a %i: %i requests", async (statusCodes, status, requests) => {
    server.will(answers(status));
    await client({ statusCodes }).me().result();
    expect(server.received).toHaveLength(requests);
  });

  test("an interval of nothing that grows without end leaves an end to the tries", async () => {
    server.will(answers(503));
    const endless = { maxRetries: Number.POSITIVE_INFINITY, initialInterval: 0, exponent: 1e200 };
    await expect(client({ ...endless, maxElapsedTime: 100 }).me()).rejects.toMatchObject({ status: 503 });
    expect(server.received.length).toBeGreaterThan(1);
  });

  test("not to try again after a lost connection", async () => {
    server.will(losesAnswer, answers(200, welcome));
    await expect(client({ retryConnectionErrors: false }).me()).rejects.toMatchObject({ kind: "connection" });
    expect(server.received).toHaveLength(1);
  });
});

describe("dbrsdkRetry", () => {
  const auth = () => client({ ...dbrsdkRetry, initialInterval: 0 });

  test("goes on after 5xx for as long as there is time", async () => {
    const failure = answers(500);
    server.will(failure, failure, failure, failure, failure, failure, failure, answers(200, welcome));
    await expect(auth().me()).resolves.toMatchObject({ id: "user:alice" });
    expect(server.received).toHaveLength(8);
  });

  test.each([408, 429])("takes a %i for an answer", async (status) => {
    server.will(answers(status), answers(200, welcome));
    await expect(auth().me()).rejects.toMatchObject({ status });
    expect(server.received).toHaveLength(1);
  });
});

describe("mcpClientRetry", () => {
  test("tries three more times to connect, at once", async () => {
    server.will(losesAnswer);
    await expect(client(mcpClientRetry).me()).rejects.toMatchObject({ kind: "connection" });
    expect(server.received).toHaveLength(4);
    expect(mcpClientRetry.initialInterval).toBe(0);
  });

  test.each([408, 429, 500, 503])("takes a %i for an answer", async (status) => {
    server.will(answers(status), answers(200, welcome));
    await expect(client(mcpClientRetry).me()).rejects.toMatchObject({ status });
    expect(server.received).toHaveLength(1);
  });
});

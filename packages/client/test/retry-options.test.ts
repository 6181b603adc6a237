import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AuthClient, dbrsdkRetry, mcpClientRetry, type RetryOptions } from "../src/index.ts";
import { answers, losesAnswer, type MisbehavingServer, misbehavingServer } from "./misbehaving-server.ts";
import { welcome } from "./verbs.ts";

let server: MisbehavingServer;
beforeEach(async () => {
  server = await misbehavingServer();
});
afterEach(() => server[Symbol.asyncDispose]());

/** A client without waits before its retries. */
const client = (retry: Partial<RetryOptions> = {}) =>
  new AuthClient({ baseURL: server.url, retry: { initialInterval: 0, ...retry } });

describe("retry options", () => {
  test("of a call override those of the client, one by one", async () => {
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
  ] as const)("statusCodes %j after a %i: %i requests", async (statusCodes, status, requests) => {
    server.will(answers(status));
    await client({ statusCodes }).me().result();
    expect(server.received).toHaveLength(requests);
  });

  test("an interval of 0 with an endless exponent respects maxElapsedTime", async () => {
    server.will(answers(503));
    const endless = { maxRetries: Number.POSITIVE_INFINITY, initialInterval: 0, exponent: 1e200 };
    await expect(client({ ...endless, maxElapsedTime: 300 }).me()).rejects.toMatchObject({ status: 503 });
    expect(server.received.length).toBeGreaterThan(1);
  });

  test("can turn off retries after a lost connection", async () => {
    server.will(losesAnswer, answers(200, welcome));
    await expect(client({ retryConnectionErrors: false }).me()).rejects.toMatchObject({ kind: "connection" });
    expect(server.received).toHaveLength(1);
  });
});

describe("dbrsdkRetry", () => {
  const auth = () => client({ ...dbrsdkRetry, initialInterval: 0 });

  test("retries 5xx until the time is used up", async () => {
    const failure = answers(500);
    server.will(failure, failure, failure, failure, failure, failure, failure, answers(200, welcome));
    await expect(auth().me()).resolves.toMatchObject({ id: "user:alice" });
    expect(server.received).toHaveLength(8);
  });

  test.each([408, 429])("does not retry a %i", async (status) => {
    server.will(answers(status), answers(200, welcome));
    await expect(auth().me()).rejects.toMatchObject({ status });
    expect(server.received).toHaveLength(1);
  });
});

describe("mcpClientRetry", () => {
  test("retries a lost connection three times, at once", async () => {
    server.will(losesAnswer);
    await expect(client(mcpClientRetry).me()).rejects.toMatchObject({ kind: "connection" });
    expect(server.received).toHaveLength(4);
    expect(mcpClientRetry.initialInterval).toBe(0);
  });

  test.each([408, 429, 500, 503])("does not retry a %i", async (status) => {
    server.will(answers(status), answers(200, welcome));
    await expect(client(mcpClientRetry).me()).rejects.toMatchObject({ status });
    expect(server.received).toHaveLength(1);
  });
});

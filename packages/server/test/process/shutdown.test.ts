import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { login, me, refresh, send, signIn, tokensOf } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { listenLocally } from "@latchkey/testkit/sockets";
import { until } from "@latchkey/testkit/until";
import { describe, expect, test } from "vitest";

const place = new Place();

/** One hash at a time, each so slow that many logins are still waiting at the signal. */
const slowHashes = {
  LATCHKEY_HASH_MEMORY: "32768",
  LATCHKEY_HASH_ITERATIONS: "2",
  LATCHKEY_HASH_CONCURRENCY: "1",
};

test("open logins at SIGTERM are answered, and outlive the restart", async () => {
  const server = await place.server({ env: slowHashes });
  const logins = Array.from({ length: 12 }, () => login(server.url, "admin", adminPassword));
  await Promise.race(logins);
  let settled = 0;
  for (const answer of logins) void answer.then(() => settled++);

  const exited = server.stop("SIGTERM");
  await until("new connections are refused", () => isRefused(server.url));
  expect(settled).toBeLessThan(logins.length);
  const answers = await Promise.all(logins);
  expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200));
  expect(await exited).toEqual({ status: 0, signal: null });
  expect(server.stdout()).toMatch(/"stopped"/);

  const restarted = await place.server();
  for (const tokens of answers.map(tokensOf)) {
    expect((await me(restarted.url, tokens.access)).status).toBe(200);
    expect((await refresh(restarted.url, tokens.refresh)).status).toBe(200);
  }
  await restarted.stop();
});

test.for(["SIGTERM", "SIGINT"] as const)("after %s connections are refused", async (signal) => {
  const server = await place.server();
  await signIn(server.url, "admin", adminPassword);
  expect(await server.stop(signal)).toEqual({ status: 0, signal: null });
  expect(await isRefused(server.url)).toBe(true);
});

test.for(["SIGTERM", "SIGINT"] as const)("%s ends a start that waits for its database", async (signal) => {
  const silent = createServer();
  const port = await listenLocally(silent);
  const connected = once(silent, "connection");
  const database = `postgres://latchkey:password@127.0.0.1:${port}/latchkey`;
  const env = { LATCHKEY_DATABASE: database, LATCHKEY_SECRET: "a secret of this test, for this test alone" };
  const server = place.start(["serve", "--port", "0"], { env });
  const [connection] = await connected;
  expect(await server.stop(signal)).toEqual({ status: 0, signal: null });
  expect(server.stdout()).toContain("stopping before the start has ended");
  connection.destroy();
  silent.close();
});

describe.concurrent("the shutdown is not delayed by", () => {
  test.for([
    ["a connection without a request", "", 3_000],
    ["an idle connection", "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n", 3_000],
    ["a head that never ends", "GET /health/live HTTP/1.1\r\nHost: localhost", 16_000],
    [
      "a body that never ends",
      "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
      16_000,
    ],
  ] as const)("%s", async ([, bytes, timeout]) => {
    const server = await place.server();
    const client = await connection(server);
    if (bytes !== "") client.write(bytes);
    const answered = new Promise((resolve) => client.once("data", resolve));
    if (bytes.endsWith("\r\n\r\n")) await answered;
    // Its answer shows that the server has read the earlier bytes.
    await send(`${server.url}/health/live`);

    await endsWithin(timeout, server);
    client.destroy();
  });
});

/** The server stops with exit status 0, in time. */
async function endsWithin(timeout: number, server: ServerProcess): Promise<void> {
  let ended = false;
  const exited = server.stop("SIGTERM").then((exit) => {
    ended = true;
    return exit;
  });
  await until("the server stops", () => ended, timeout);
  expect(await exited).toEqual({ status: 0, signal: null });
}

async function connection({ url }: ServerProcess): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

function isRefused(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", () => resolve(true));
  });
}

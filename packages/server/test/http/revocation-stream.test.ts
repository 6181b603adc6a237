import { once } from "node:events";
import { createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import { closeNow, listenLocally } from "@latchkey/testkit/sockets";
import { expect, test } from "vitest";
import { Revocations } from "../../src/core/tokens/revocations.ts";
import { RevocationStream } from "../../src/http/revocation-stream.ts";

/** More than a socket buffers, so a part waits until the guard reads. */
const many = Array.from({ length: 200_000 }, (_, index) => ({
  number: index + 1,
  sessionId: `session-${index}`,
  until: 2_000_000_000_000,
}));

/** Both ends of a stream over a real connection. */
async function connected() {
  const revocations = new Revocations(
    {
      after: async (cursor) => many.slice(cursor),
      isIncomplete: async () => false,
      hasEnded: async () => false,
    },
    { clock: Date.now, steady: () => 0, tokenLifetime: 3_600_000 },
  );
  await revocations.poll();
  const server = createServer();
  const port = await listenLocally(server);
  const request = get({ port, host: "127.0.0.1", agent: false });
  const response = await new Promise<ServerResponse>((resolve) => {
    server.once("request", (_request, served: ServerResponse) => resolve(served));
  });
  response.writeHead(200);
  const stream = new RevocationStream(response, revocations, 0);
  return {
    stream,
    response,
    /** The client's end, before its first read. */
    answer: () => new Promise<IncomingMessage>((resolve) => request.once("response", resolve)),
    async [Symbol.asyncDispose]() {
      request.on("error", () => {}).destroy();
      await closeNow(server);
    },
  };
}

test("the stream writes no faster than the guard reads", async () => {
  await using both = await connected();
  const { stream, response } = both;
  const sending = stream.send();
  const read = await both.answer();
  expect(response.writableLength).toBeLessThan(1_000_000);
  const chunks: string[] = [];
  let end = "";
  for await (const chunk of read.setEncoding("utf8")) {
    chunks.push(chunk);
    end = (end + chunk).slice(-100);
    if (end.includes("event: cursor")) break;
  }
  await sending;
  expect(chunks.join("").match(/^event: session\.ended$/gm)).toHaveLength(many.length);
});

test("a guard that reads nothing for six heartbeats is disconnected", async () => {
  await using both = await connected();
  const { stream, response } = both;
  const sending = stream.send();
  (await both.answer()).pause();
  for (let beat = 1; beat < 6; beat++) stream.heartbeat();
  expect(response.destroyed).toBe(false);
  stream.heartbeat();
  expect(response.destroyed).toBe(true);
  await sending;
});

test("a guard that disconnects ends the sending", async () => {
  await using both = await connected();
  const { stream, response } = both;
  const sending = stream.send();
  (await both.answer()).destroy();
  await sending;
  expect(response.destroyed).toBe(true);
});

test("nothing is written after the server has ended the stream", async () => {
  for (const readFirst of [true, false]) {
    await using both = await connected();
    const { stream, response } = both;
    const errors: Error[] = [];
    response.on("error", (error) => errors.push(error));
    const sending = stream.send();
    const read = await both.answer();
    read.resume();
    if (readFirst) await sending;
    response.end();
    stream.heartbeat();
    await stream.send();
    await once(response, "close");
    await sending;
    expect(errors).toEqual([]);
  }
});

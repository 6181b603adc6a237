import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import Fastify from "fastify";
import { expect, test } from "vitest";
import { finishBeforeClosing } from "../../src/http/finish-before-closing.ts";

const request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/** An app that begins to close at its first connection. */
async function closingApp() {
  const app = Fastify({ return503OnClosing: false });
  finishBeforeClosing(app, { request: 5_000, idle: 500 });
  app.get("/", async () => "served");
  await app.listen({ host: "127.0.0.1", port: 0 });
  const address = app.server.address();
  if (address === null || typeof address === "string") throw new Error("the app listens nowhere");
  const closed = once(app.server, "connection").then(() => app.close());
  return { port: address.port, closed };
}

test("a connection that a close meets before its request is served", async () => {
  const { port, closed } = await closingApp();
  const socket = connect(port, "127.0.0.1", () => socket.write(request));
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  expect(answer).toMatch(/\r\nconnection: close\r\n/i);
  expect(answer).toMatch(/served$/);
  await closed;
});

test("a connection that never gets a request is closed", async () => {
  const { port, closed } = await closingApp();
  expect(await text(connect(port, "127.0.0.1"))).toBe("");
  await closed;
});

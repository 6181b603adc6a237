import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readAnswer, readEvent, readPage } from "../../src/feed/feed-messages.ts";
import { type Answer, cursorOf, eventOf, OwnIssuer } from "../own-issuer.ts";
import { Following } from "./following.ts";

const until = 2_000_000_000_000;
const ended = { number: 1, sessionId: "a", until };
const event = (fields: unknown, id = "1") =>
  `id: ${id}\nevent: session.ended\ndata: ${JSON.stringify(fields)}\n\n`;

/** A stream that sends this and stays open. */
function saying(text: string | Uint8Array): Answer {
  return (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(text);
  };
}

describe("a malformed event ends the connection before the guard has caught up", () => {
  test.each<[string, string]>([
    ["no JSON", "id: 1\nevent: session.ended\ndata: {\n\n"],
    ["null", event(null)],
    ["a text", event("a")],
    ["a list", event([1, "a", until])],
    ["no session", event({ ...ended, sessionId: undefined })],
    ["an empty session", event({ ...ended, sessionId: "" })],
    ["a session that is a number", event({ ...ended, sessionId: 1 })],
    ["a session longer than any", event({ ...ended, sessionId: "a".repeat(257) })],
    ["no number", event({ ...ended, number: undefined })],
    ["number zero", event({ ...ended, number: 0 }, "0")],
    ["a number below zero", event({ ...ended, number: -1 }, "-1")],
    ["half a number", event({ ...ended, number: 1.5 }, "1.5")],
    ["a number that is a text", event({ ...ended, number: "1" })],
    ["a number too large to count", event({ ...ended, number: 2 ** 53 }, String(2 ** 53))],
    ["no end", event({ ...ended, until: undefined })],
    ["an end that is a date", event({ ...ended, until: "2030-01-01T00:00:00Z" })],
    ["an end before time", event({ ...ended, until: -1 })],
    ["no id", `event: session.ended\ndata: ${JSON.stringify(ended)}\n\n`],
    ["the id of another", event(ended, "2")],
    ["an id spelt otherwise", event(ended, "01")],
    ["a cursor that is not a number", 'id: 1\nevent: cursor\ndata: {"cursor":"1"}\n\n'],
    ["no cursor", "id: 1\nevent: cursor\ndata: {}\n\n"],
    ["a cursor with the id of another", 'id: 2\nevent: cursor\ndata: {"cursor":1}\n\n'],
    ["an event that does not end", `id: 1\nevent: session.ended\ndata: ${"a".repeat(70_000)}`],
    ["an event of many lines that does not end", "data: aaaaaaaaaaaaaaaaaaa\n".repeat(5_000)],
    ["a name that does not end", "a".repeat(70_000)],
  ])("%s", async (_name, text) => {
    await using issuer = await OwnIssuer.start();
    issuer.streams = saying(text + cursorOf(0));
    await using following = new Following(issuer);
    const { reason } = await following.heard("feed.malformed");
    expect(reason).toMatch(/^[\w ,.']+$/);
    expect(following.health).toMatchObject({ state: "behind", staleFor: undefined, problem: reason });
    expect(following.all("feed.followed")).toEqual([]);
    issuer.streams = undefined;
    issuer.end("a");
    await following.heard("feed.followed");
    expect(following.revocations.isRevoked("a")).toBe(true);
  });
});

test("entries before a malformed event count", async () => {
  await using issuer = await OwnIssuer.start();
  issuer.streams = saying(eventOf(ended) + event(null, "2"));
  await using following = new Following(issuer);
  await following.heard("feed.malformed");
  expect(following.revocations.isRevoked("a")).toBe(true);
});

describe("is ignored", () => {
  test.each<[string, string]>([
    ["an event of a later version", 'id: 9\nevent: session.begun\ndata: {"sessionId":"b"}\n\n'],
    ["an event without a name", "id: 9\ndata: b\n\n"],
    ["a comment", ": hello\n\n"],
    ["a field that is not known", "colour: red\n\n"],
    ["a retry that is not a number", "retry: soon\n\n"],
    ["more in an event than is read", event({ ...ended, sessionId: "b", reason: "logout" })],
    ["a byte order mark", "\uFEFF"],
  ])("%s", async (_name, text) => {
    await using issuer = await OwnIssuer.start();
    issuer.streams = saying(text + eventOf({ number: 2, sessionId: "a", until }) + cursorOf(2));
    await using following = new Following(issuer);
    await following.heard("feed.followed");
    expect(following.revocations.isRevoked("a")).toBe(true);
    expect(following.all("feed.malformed")).toEqual([]);
  });
});

test("an event may arrive in any pieces, with any line breaks", async () => {
  await using issuer = await OwnIssuer.start();
  const bytes = Buffer.from(
    (eventOf({ ...ended, sessionId: "ä€😀" }) + cursorOf(1)).replaceAll("\n", "\r\n"),
  );
  issuer.streams = async (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const byte of bytes) await new Promise<unknown>((done) => response.write(Buffer.of(byte), done));
  };
  await using following = new Following(issuer);
  await following.heard("feed.followed");
  expect(following.revocations.isRevoked("ä€😀")).toBe(true);
});

test("a compressed event is bounded after decompression", async () => {
  await using issuer = await OwnIssuer.start();
  issuer.streams = (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" });
    response.write(gzipSync(`data: ${"a".repeat(50_000_000)}`));
  };
  await using following = new Following(issuer);
  expect((await following.heard("feed.malformed")).reason).toBe("an event that is too long");
});

test("malformed input is quoted nowhere", () => {
  const canary = "canary-1234";
  const readings = [
    () => readEvent("cursor", canary, '{"cursor":1}'),
    () => readEvent("session.ended", "1", canary),
    () => readEvent("session.ended", "1", JSON.stringify({ ...ended, until: canary })),
    () => readPage({ revocations: canary, cursor: canary, more: canary }),
    () => readAnswer({ sessionId: canary, ended: true }, "a"),
    () => readAnswer({ sessionId: "a", ended: canary }, "a"),
  ];
  for (const reading of readings) {
    expect(reading).toThrow();
    expect(reading).not.toThrow(canary);
  }
});

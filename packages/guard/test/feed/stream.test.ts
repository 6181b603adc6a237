import { codeOf } from "@latchkey/testkit/mcp/issuer";
import { describe, expect, test } from "vitest";
import { Listener } from "../listener.ts";
import { cursorOf, eventOf, OwnIssuer } from "../own-issuer.ts";
import { Following } from "./following.ts";

test("earlier and later ends of sessions are known as soon as they arrive", async () => {
  await using issuer = await OwnIssuer.start();
  issuer.end("before");
  await using following = new Following(issuer);
  expect(await following.heard("feed.followed")).toEqual({ name: "feed.followed", via: "stream", cursor: 1 });
  expect(following.revocations.isRevoked("before")).toBe(true);
  expect(following.revocations.isRevoked("later")).toBe(false);
  issuer.end("later");
  await following.ended("later");
  expect(following.revocations.isRevoked("later")).toBe(true);
  expect(following.health).toMatchObject({ state: "following", cursor: 2, known: 2, problem: undefined });
});

test("a token without a session cannot end, and sends no lookup", async () => {
  await using issuer = await OwnIssuer.start();
  await using following = new Following(issuer);
  expect(following.revocations.isRevoked(undefined)).toBe(false);
});

describe("after a break", () => {
  test("entries from the gap arrive, and known ones are not sent again", async () => {
    await using issuer = await OwnIssuer.start();
    for (const session of ["a", "b", "c"]) issuer.end(session);
    await using following = new Following(issuer);
    await following.heard("feed.followed");
    issuer.cut();
    for (const session of ["d", "e"]) issuer.end(session);
    await following.heard("feed.followed", 2);
    for (const session of ["a", "b", "c", "d", "e"])
      expect(following.revocations.isRevoked(session)).toBe(true);
    expect(following.all("session.ended").map(({ sessionId }) => sessionId)).toEqual([
      "a",
      "b",
      "c",
      "d",
      "e",
    ]);
    // One before the last entry, which shows that the list is the same.
    expect(issuer.requests.at(-1)).toBe("/revocations from 2");
  });

  test("the guard continues from the last entry that it read", async () => {
    await using issuer = await OwnIssuer.start();
    for (const session of ["a", "b"]) issuer.end(session);
    issuer.streams = (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const ended of issuer.ended) response.write(eventOf(ended));
      issuer.streams = undefined;
      response.end(cursorOf(2).slice(0, 10));
    };
    await using following = new Following(issuer);
    issuer.end("c");
    await following.heard("feed.followed");
    for (const session of ["a", "b", "c"]) expect(following.revocations.isRevoked(session)).toBe(true);
  });

  test("events report the loss and the return of the feed", async () => {
    await using issuer = await OwnIssuer.start();
    await using following = new Following(issuer);
    await following.heard("feed.followed");
    issuer.cut();
    await following.heard("feed.followed", 2);
    const names = following.events.map(({ name }) => name);
    expect(names).toEqual(["feed.followed", "feed.lost", "feed.followed"]);
  });
});

test("each heartbeat renews the list", async () => {
  await using issuer = await OwnIssuer.start();
  await using following = new Following(issuer);
  await following.heard("feed.followed");
  following.clock.pass(20_000);
  expect(following.health).toMatchObject({ state: "following", staleFor: 20_000 });
  issuer.heartbeat();
  issuer.end("mark");
  await following.ended("mark");
  expect(following.health).toMatchObject({ state: "following", staleFor: 0 });
});

test("an ended session does not renew the list: others may follow", async () => {
  await using issuer = await OwnIssuer.start();
  await using following = new Following(issuer);
  await following.heard("feed.followed");
  following.clock.pass(20_000);
  issuer.end("mark");
  await following.ended("mark");
  expect(following.health.staleFor).toBe(20_000);
});

describe("silence", () => {
  test("a silent stream is given up, and another is opened", async () => {
    await using issuer = await OwnIssuer.start();
    await using following = new Following(issuer, { timings: { silence: 50 } });
    const { reason } = await following.heard("feed.lost");
    expect(reason).toBe("no data for 50 ms");
    await following.heard("feed.followed", 2);
  });

  test("comments and half an event count as silence", async () => {
    await using issuer = await OwnIssuer.start();
    await using following = new Following(issuer, { timings: { silence: 100 } });
    await following.heard("feed.followed");
    const dribble = setInterval(() => issuer.say(": still here\n"), 10);
    try {
      expect((await following.heard("feed.lost")).reason).toBe("no data for 100 ms");
    } finally {
      clearInterval(dribble);
    }
  });
});

test("a listener that throws does not stop the guard", async () => {
  await using issuer = await OwnIssuer.start();
  const heard = new Listener();
  await using guard = issuer.guard({
    onEvent(event) {
      heard.onEvent(event);
      throw new Error("the log is full");
    },
  });
  await guard.ready();
  issuer.end("session-1");
  await heard.heard("session.ended");
  expect(await codeOf(guard.verify(await issuer.token()))).toBe("token_revoked");
});

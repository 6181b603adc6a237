import { describe, expect, test } from "vitest";
import { codeOf } from "../issuer.ts";
import { cursorOf, eventOf, Listener, OwnIssuer } from "../own-issuer.ts";
import { Following } from "./following.ts";

const until = 2_000_000_000_000;

test("what ended before, and what ends from now on, is known as soon as it is said", async () => {
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

test("a token of no session cannot be ended, and asks nobody", async () => {
  await using issuer = await OwnIssuer.start();
  await using following = new Following(issuer);
  expect(following.revocations.isRevoked(undefined)).toBe(false);
});

describe("after a break", () => {
  test("none that ended meanwhile is lost, and what is known is not sent again", async () => {
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
    // From before the last that was seen, so that it shows that the list is still the same.
    expect(issuer.requests.at(-1)).toBe("/revocations from 2");
  });

  test("in the middle of a list it goes on from the last that was seen", async () => {
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

  test("it is told that the feed was lost, and that it is back", async () => {
    await using issuer = await OwnIssuer.start();
    await using following = new Following(issuer);
    await following.heard("feed.followed");
    issuer.cut();
    await following.heard("feed.followed", 2);
    const names = following.events.map(({ name }) => name);
    expect(names).toEqual(["feed.followed", "feed.lost", "feed.followed"]);
  });
});

describe("a list that begins anew, as that of a restored database does", () => {
  test.each([0, 1, 2, 3])("from %i of 3, and what it ends then is heard", async (reach) => {
    await using issuer = await OwnIssuer.start();
    for (const session of ["a", "b", "c"]) issuer.end(session);
    await using following = new Following(issuer);
    await following.heard("feed.followed");
    issuer.restore(reach);
    await following.heard("feed.followed", 2);
    issuer.end("after");
    await following.ended("after");
    expect(following.health).toMatchObject({ state: "following", cursor: reach + 1 });
    // What was heard stays.
    for (const session of ["a", "b", "c"]) expect(following.revocations.isRevoked(session)).toBe(true);
  });

  test.each([1, 2, 3, 4])("even where it has %i new ones before anybody is back", async (count) => {
    await using issuer = await OwnIssuer.start();
    for (const session of ["a", "b"]) issuer.end(session);
    await using following = new Following(issuer);
    await following.heard("feed.followed");
    issuer.restore(0);
    const after = Array.from({ length: count }, (_, index) => `after-${index}`);
    for (const session of after) issuer.end(session);
    await following.heard("feed.followed", 2);
    for (const session of after) expect(following.revocations.isRevoked(session)).toBe(true);
  });

  test("a list of which the last that was seen was pruned is read from its beginning", async () => {
    await using issuer = await OwnIssuer.start();
    for (const session of ["a", "b"]) issuer.end(session);
    await using following = new Following(issuer);
    await following.heard("feed.followed");
    issuer.ended = [{ number: 3, sessionId: "c", until }];
    issuer.cut();
    await following.heard("feed.followed", 2);
    expect(following.revocations.isRevoked("c")).toBe(true);
  });
});

test("each heartbeat says that all is known up to now", async () => {
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

test("an ended session is no heartbeat: others may be on their way", async () => {
  await using issuer = await OwnIssuer.start();
  await using following = new Following(issuer);
  await following.heard("feed.followed");
  following.clock.pass(20_000);
  issuer.end("mark");
  await following.ended("mark");
  expect(following.health.staleFor).toBe(20_000);
});

describe("silence", () => {
  test("a stream that says nothing more is given up, and another is begun", async () => {
    await using issuer = await OwnIssuer.start();
    await using following = new Following(issuer, { times: { silence: 50 } });
    const { reason } = await following.heard("feed.lost");
    expect(reason).toBe("nothing came for 50 ms");
    await following.heard("feed.followed", 2);
  });

  test("comments and half an event are silence too", async () => {
    await using issuer = await OwnIssuer.start();
    await using following = new Following(issuer, { times: { silence: 100 } });
    await following.heard("feed.followed");
    const dribble = setInterval(() => issuer.say(": still here\n"), 10);
    try {
      expect((await following.heard("feed.lost")).reason).toBe("nothing came for 100 ms");
    } finally {
      clearInterval(dribble);
    }
  });
});

test("an issuer that names no feed has none; once it names one, it is followed", async () => {
  await using issuer = await OwnIssuer.start();
  const { discovery } = issuer;
  issuer.discovery = {};
  issuer.end("a");
  await using following = new Following(issuer);
  await following.revocations.first;
  expect(following.health).toMatchObject({ state: "none", staleFor: undefined });
  expect(following.revocations.isRevoked("a")).toBe(false);
  issuer.discovery = discovery;
  await following.heard("feed.followed");
  expect(following.revocations.isRevoked("a")).toBe(true);
});

test("a feed that was named once is followed though discovery names it no more", async () => {
  await using issuer = await OwnIssuer.start();
  await using following = new Following(issuer);
  await following.heard("feed.followed");
  issuer.discovery = {};
  issuer.cut();
  issuer.end("a");
  await following.heard("feed.followed", 2);
  expect(following.revocations.isRevoked("a")).toBe(true);
});

test("with `follow: true` an issuer that names no feed is a feed that is lost", async () => {
  await using issuer = await OwnIssuer.start();
  issuer.discovery = {};
  await using following = new Following(issuer, { settings: { follow: true } });
  expect((await following.heard("feed.lost")).reason).toBe("the issuer names no feed");
});

test("with `follow: false` nothing is asked", async () => {
  await using issuer = await OwnIssuer.start();
  await using following = new Following(issuer, { settings: { follow: false } });
  await following.revocations.first;
  expect(following.revocations.isRevoked("a")).toBe(false);
  expect(following.health.state).toBe("none");
  expect(issuer.requests).toEqual([]);
});

test("a listener that throws is no reason to stop", async () => {
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

import { describe, expect, test } from "vitest";
import { EndedSessions } from "../../src/feed/ended-sessions.ts";
import { RevocationList } from "../../src/feed/revocation-list.ts";
import { TestClock } from "../clock.ts";
import { Listener } from "../listener.ts";

const minute = 60_000;
const hour = 60 * minute;

describe("an ended session", () => {
  test("stays until its last token expires, and for the longest tolerance", () => {
    const clock = new TestClock();
    const ended = new EndedSessions(clock);
    expect(ended.add("a", clock.now() + hour)).toBe("added");
    clock.pass(hour + minute);
    ended.forgetExpired();
    expect(ended.has("a")).toBe(true);
    clock.pass(1);
    ended.forgetExpired();
    expect(ended.has("a")).toBe(false);
    expect(ended.size).toBe(0);
  });

  test.each<[string, (clock: TestClock) => void]>([
    ["the system's clock is set forth", (clock) => clock.set(24 * hour)],
    ["the system's clock was set back, while the steady one went on", (clock) => clock.passUnseen(24 * hour)],
    [
      "the system's clock is set forth for a moment",
      (clock) => {
        clock.set(24 * hour);
        clock.set(-24 * hour);
      },
    ],
  ])("is not removed because %s", (_what, change) => {
    const clock = new TestClock();
    const ended = new EndedSessions(clock);
    ended.add("a", clock.now() + hour);
    change(clock);
    ended.forgetExpired();
    expect(ended.has("a")).toBe(true);
  });

  test("that arrives while the system clock is ahead stays by the issuer's time", () => {
    const clock = new TestClock();
    const ended = new EndedSessions(clock);
    const issuerTime = clock.now();
    clock.set(24 * hour);
    ended.noteIssuerTime(issuerTime);
    ended.add("a", issuerTime + hour);
    clock.pass(hour);
    ended.forgetExpired();
    clock.set(-24 * hour);
    ended.forgetExpired();
    expect(ended.has("a")).toBe(true);
    clock.pass(minute + 1);
    ended.forgetExpired();
    expect(ended.has("a")).toBe(false);
  });

  test("does not stay for ever if a proxy sends an old Date", () => {
    const clock = new TestClock();
    const ended = new EndedSessions(clock);
    ended.noteIssuerTime(0);
    ended.add("a", clock.now() + hour);
    clock.pass(48 * hour + minute + 1);
    ended.forgetExpired();
    expect(ended.has("a")).toBe(false);
  });

  test("that arrives again with a later end stays until then", () => {
    const clock = new TestClock();
    const ended = new EndedSessions(clock);
    ended.add("a", clock.now() + hour);
    expect(ended.add("a", clock.now() + 2 * hour)).toBe("known");
    expect(ended.add("a", clock.now())).toBe("known");
    clock.pass(hour + minute + 1);
    ended.forgetExpired();
    expect(ended.has("a")).toBe(true);
    clock.pass(hour);
    ended.forgetExpired();
    expect(ended.has("a")).toBe(false);
  });
});

test("expired entries are removed in small steps, and all of them are", () => {
  const clock = new TestClock();
  const ended = new EndedSessions(clock);
  for (let index = 0; index < 10; index++) ended.add(`short-${index}`, clock.now());
  for (let index = 0; index < 10; index++) ended.add(`long-${index}`, clock.now() + hour);
  clock.pass(minute + 1);
  ended.forgetExpired(7);
  expect(ended.size).toBe(13);
  ended.add("short-again", clock.now() - hour);
  for (let times = 0; times < 3; times++) ended.forgetExpired(7);
  expect(ended.size).toBe(10);
  for (let index = 0; index < 10; index++) expect(ended.has(`long-${index}`)).toBe(true);
});

test("a full list removes expired entries, and no live entry", () => {
  const clock = new TestClock();
  const ended = new EndedSessions(clock, 2);
  ended.add("a", clock.now());
  ended.add("b", clock.now() + hour);
  expect(ended.add("c", clock.now() + hour)).toBe("full");
  expect(ended.add("a", clock.now() + 1)).toBe("known");
  clock.pass(minute + 2);
  expect(ended.add("c", clock.now() + hour)).toBe("added");
  expect(["a", "b", "c"].filter((session) => ended.has(session))).toEqual(["b", "c"]);
});

describe("a feed with more ended sessions than the bound", () => {
  test("skips no entry: the list is stale until there is room", () => {
    const clock = new TestClock();
    const feed = new RevocationList(clock, new Listener().onEvent, new EndedSessions(clock, 1));
    feed.take({ number: 1, sessionId: "a", until: clock.now() });
    feed.caughtUp(1);
    expect(feed.staleFor()).toBe(0);
    const next = { number: 2, sessionId: "b", until: clock.now() + hour };
    expect(() => feed.take(next)).toThrow("more ended sessions than fit in memory");
    expect(feed.staleFor()).toBeUndefined();
    expect(feed.hasEnded("a")).toBe(true);
    // Before the last entry, so that the refused one comes again.
    expect(feed.after).toBe(0);
    clock.pass(minute + 1);
    feed.take(next);
    feed.caughtUp(2);
    expect(feed.staleFor()).toBe(0);
    expect(feed.hasEnded("b")).toBe(true);
  });
});

test("an ended session sends one event", () => {
  const clock = new TestClock();
  const heard = new Listener();
  const feed = new RevocationList(clock, heard.onEvent);
  const one = { number: 1, sessionId: "a", until: clock.now() + hour };
  feed.take(one);
  feed.take(one);
  feed.startOver();
  feed.take(one);
  feed.learn("a", clock.now() + 2 * hour);
  expect(heard.events).toEqual([{ name: "session.ended", sessionId: "a" }]);
});

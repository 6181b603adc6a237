import { describe, expect, test } from "vitest";
import { type Answer, json, misbehaviour, OwnIssuer } from "../own-issuer.ts";
import { Following } from "./following.ts";

/** A guard that has lost the feed and looks sessions up. */
async function asking(issuer: OwnIssuer): Promise<Following> {
  issuer.answers.set(
    "/revocations",
    json(() => ({}), 503),
  );
  const following = new Following(issuer, { settings: { whenStale: "ask" }, startTimeout: 20 });
  await following.heard("feed.lost");
  return following;
}

test("each session is looked up at the issuer", async () => {
  await using issuer = await OwnIssuer.start();
  issuer.end("a");
  await using following = await asking(issuer);
  expect(await following.verdict("a")).toBe("ended");
  expect(await following.verdict("b")).toBe("not ended");
});

test("an ended session is not looked up again, and sends an event", async () => {
  await using issuer = await OwnIssuer.start();
  issuer.end("a");
  await using following = await asking(issuer);
  await following.verdict("a");
  following.clock.pass(3_600_000);
  expect(following.revocations.isRevoked("a")).toBe(true);
  expect(issuer.asked("/revocations/a")).toBe(1);
  expect(following.all("session.ended")).toEqual([{ name: "session.ended", sessionId: "a" }]);
});

test("one lookup at a time, and its answer counts for a second", async () => {
  await using issuer = await OwnIssuer.start();
  await using following = await asking(issuer);
  await Promise.all(["a", "a", "a"].map((session) => following.verdict(session)));
  following.clock.pass(999);
  await following.verdict("a");
  expect(issuer.asked("/revocations/a")).toBe(1);
  issuer.end("a");
  following.clock.pass(1);
  expect(await following.verdict("a")).toBe("ended");
  expect(issuer.asked("/revocations/a")).toBe(2);
});

test("a pending lookup is shared", async () => {
  await using issuer = await OwnIssuer.start();
  const asked = Promise.withResolvers<() => void>();
  issuer.answers.set("/revocations/a", (request, response) => {
    asked.resolve(() => json(() => ({ sessionId: "a", ended: false }))(request, response));
  });
  await using following = await asking(issuer);
  const first = following.verdict("a");
  const answer = await asked.promise;
  following.clock.pass(1_500);
  const second = following.verdict("a");
  answer();
  expect(await Promise.all([first, second])).toEqual(["not ended", "not ended"]);
  expect(issuer.asked("/revocations/a")).toBe(1);
});

test("a failure counts for a second too", async () => {
  await using issuer = await OwnIssuer.start();
  issuer.answers.set(
    "/revocations/a",
    json(() => ({}), 503),
  );
  await using following = await asking(issuer);
  expect(await following.verdict("a")).toBe("revocations_unavailable");
  issuer.answers.delete("/revocations/a");
  expect(await following.verdict("a")).toBe("revocations_unavailable");
  following.clock.pass(1_000);
  expect(await following.verdict("a")).toBe("not ended");
  expect(issuer.asked("/revocations/a")).toBe(2);
});

describe("a malformed answer refuses the token", () => {
  const wrong: Record<string, Answer> = {
    ...misbehaviour,
    "401": json(() => ({}), 401),
    "403": json(() => ({}), 403),
    "another session": json(() => ({ sessionId: "b", ended: false })),
    "no session": json(() => ({ ended: false })),
    "no verdict": json(() => ({ sessionId: "a" })),
    "a verdict in words": json(() => ({ sessionId: "a", ended: "false" })),
    "a list with the answer": json(() => [{ sessionId: "a", ended: false }]),
    "more than an answer holds": json(() => ({ sessionId: "a", ended: false, more: "x".repeat(5_000) })),
    nothing: () => {},
  };
  test.each(Object.keys(wrong))("%s", async (what) => {
    await using issuer = await OwnIssuer.start();
    const answer = wrong[what];
    if (answer === undefined) throw new Error("no such answer");
    issuer.answers.set("/revocations/a", answer);
    await using following = await asking(issuer);
    expect(await following.verdict("a")).toBe("revocations_unavailable");
  });
});

test.each(["a/b", "a?b=c", "a#b", "ä€😀", "%2F", "a b", "a\\b", "a;b"])(
  "a session id may be any text: %s",
  async (session) => {
    await using issuer = await OwnIssuer.start();
    issuer.end(session);
    await using following = await asking(issuer);
    expect(await following.verdict(session)).toBe("ended");
    expect(issuer.requests).toContainEqual(expect.stringMatching(/^\/revocations\/[^/?#]+$/));
  },
);

test.each(["..", ".", "\ud800"])("a session id that cannot be looked up is refused: %j", async (session) => {
  await using issuer = await OwnIssuer.start();
  await using following = await asking(issuer);
  expect(await following.verdict(session)).toBe("revocations_unavailable");
});

test("closing the guard ends pending lookups, and no further one is sent", async () => {
  await using issuer = await OwnIssuer.start();
  const asked = Promise.withResolvers<void>();
  issuer.answers.set("/revocations/a", () => asked.resolve());
  await using following = await asking(issuer);
  const verdict = following.verdict("a");
  await asked.promise;
  following.close();
  expect(await verdict).toBe("revocations_unavailable");
  expect(await following.verdict("b")).toBe("revocations_unavailable");
  expect(issuer.asked("/revocations/b")).toBe(0);
});

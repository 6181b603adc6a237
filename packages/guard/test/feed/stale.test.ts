import { describe, expect, test } from "vitest";
import { json, OwnIssuer } from "../own-issuer.ts";
import { Following } from "./following.ts";

const down = json(() => ({}), 503);
const modes = ["refuse", "ask", "accept"] as const;
type Mode = (typeof modes)[number];

/** A feed that was followed and has been lost for longer than it counts. */
async function stale(issuer: OwnIssuer, whenStale: Mode): Promise<Following> {
  const following = new Following(issuer, { settings: { whenStale } });
  await following.heard("feed.followed");
  issuer.answers.set("/revocations", down);
  issuer.cut();
  await following.heard("feed.lost");
  following.clock.pass(30_001);
  return following;
}

describe("a feed that was read lately counts", () => {
  test.each(modes)("%s", async (whenStale) => {
    await using issuer = await OwnIssuer.start();
    await using following = new Following(issuer, { settings: { whenStale } });
    await following.heard("feed.followed");
    issuer.answers.set("/revocations", down);
    issuer.cut();
    await following.heard("feed.lost");
    following.clock.pass(30_000);
    expect(following.revocations.isRevoked("a")).toBe(false);
    expect(following.health.state).toBe("behind");
    expect(issuer.asked("/revocations/a")).toBe(0);
    following.clock.pass(1);
    expect(following.health.state).toBe("lost");
  });
});

test.each<[Mode, string]>([
  ["refuse", "revocations_unavailable"],
  ["ask", "not ended"],
  ["accept", "not ended"],
])("a lost feed with %s gives an unknown session the verdict %s", async (whenStale, verdict) => {
  await using issuer = await OwnIssuer.start();
  await using following = await stale(issuer, whenStale);
  expect(await following.verdict("a")).toBe(verdict);
  expect(issuer.asked("/revocations/a")).toBe(whenStale === "ask" ? 1 : 0);
});

describe("a session that is known to have ended is refused", () => {
  test.each(modes)("though the feed is lost: %s", async (whenStale) => {
    await using issuer = await OwnIssuer.start();
    issuer.end("a");
    await using following = await stale(issuer, whenStale);
    expect(following.revocations.isRevoked("a")).toBe(true);
    expect(issuer.asked("/revocations/a")).toBe(0);
  });

  test.each(modes)("though the guard is closed: %s", async (whenStale) => {
    await using issuer = await OwnIssuer.start();
    issuer.end("a");
    await using following = new Following(issuer, { settings: { whenStale } });
    await following.heard("feed.followed");
    following.close();
    expect(following.revocations.isRevoked("a")).toBe(true);
  });
});

describe("before the feed was ever read", () => {
  test("a first check waits for it", async () => {
    await using issuer = await OwnIssuer.start();
    issuer.end("a");
    await using following = new Following(issuer);
    expect(await Promise.all([following.verdict("a"), following.verdict("b")])).toEqual([
      "ended",
      "not ended",
    ]);
  });

  test.each<[Mode, string]>([
    ["refuse", "revocations_unavailable"],
    ["ask", "ended"],
    ["accept", "not ended"],
  ])("a first check that ends without a list, with %s: %s", async (whenStale, verdict) => {
    await using issuer = await OwnIssuer.start();
    issuer.end("a");
    issuer.answers.set("/revocations", down);
    await using following = new Following(issuer, { settings: { whenStale }, startTimeout: 50 });
    expect(await following.verdict("a")).toBe(verdict);
    expect(following.health.state).toBe("lost");
  });

  test("without the address of the feed no session can be looked up", async () => {
    await using issuer = await OwnIssuer.start();
    issuer.answers.set("/.well-known/openid-configuration", down);
    await using following = new Following(issuer, { settings: { whenStale: "ask" }, startTimeout: 50 });
    expect(await following.verdict("a")).toBe("revocations_unavailable");
  });
});

describe("a stale feed sends an event", () => {
  test.each(modes)("once, however many tokens come: %s", async (whenStale) => {
    await using issuer = await OwnIssuer.start();
    await using following = await stale(issuer, whenStale);
    for (const session of ["a", "b", "a"]) await following.verdict(session);
    expect(following.all("feed.stale")).toEqual([{ name: "feed.stale", whenStale }]);
  });

  test("again after another loss, even without a token in between", async () => {
    await using issuer = await OwnIssuer.start();
    await using following = await stale(issuer, "accept");
    await following.verdict("a");
    issuer.answers.clear();
    await following.heard("feed.followed", 2);
    issuer.answers.set("/revocations", down);
    issuer.cut();
    following.clock.pass(30_001);
    await following.verdict("a");
    expect(following.all("feed.stale")).toHaveLength(2);
  });

  test("but not from a closed guard", async () => {
    await using issuer = await OwnIssuer.start();
    await using following = await stale(issuer, "accept");
    following.close();
    await following.verdict("a");
    expect(following.all("feed.stale")).toEqual([]);
  });
});

test.each(modes)("a feed that is back has all sessions that ended meanwhile: %s", async (whenStale) => {
  await using issuer = await OwnIssuer.start();
  await using following = await stale(issuer, whenStale);
  await following.verdict("b");
  issuer.end("a");
  issuer.answers.clear();
  await following.heard("feed.followed", 2);
  expect(following.revocations.isRevoked("a")).toBe(true);
  expect(following.revocations.isRevoked("b")).toBe(false);
  expect(following.health).toMatchObject({ state: "following", staleFor: 0 });
});

test.each<[string, (following: Following) => void]>([
  ["the system's clock is set forth", (following) => following.clock.set(30_001)],
  ["the steady clock alone goes on", (following) => following.clock.passUnseen(30_001)],
])("a feed is stale if either clock says so: %s", async (_what, change) => {
  await using issuer = await OwnIssuer.start();
  await using following = new Following(issuer);
  await following.heard("feed.followed");
  change(following);
  expect(await following.verdict("a")).toBe("revocations_unavailable");
});

test("a silent open stream is stale like a lost one", async () => {
  await using issuer = await OwnIssuer.start();
  await using following = new Following(issuer);
  await following.heard("feed.followed");
  following.clock.pass(30_001);
  expect(following.health.state).toBe("lost");
  expect(await following.verdict("a")).toBe("revocations_unavailable");
  issuer.heartbeat();
  issuer.end("mark");
  await following.ended("mark");
  expect(await following.verdict("a")).toBe("not ended");
});

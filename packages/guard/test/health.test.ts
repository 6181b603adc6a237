import { describe, expect, test } from "vitest";
import { until } from "../../server/test/process/until.ts";
import { codeOf } from "./issuer.ts";
import { Listener } from "./listener.ts";
import { json, OwnIssuer } from "./own-issuer.ts";

const down = json(() => ({}), 503);

describe("health", () => {
  test("before anything has come: nothing is known, and the first look begins it", async () => {
    await using issuer = await OwnIssuer.start();
    const heard = new Listener();
    await using guard = issuer.guard({ onEvent: heard.onEvent });
    expect(guard.health()).toEqual({
      ok: false,
      keys: { state: "none", fetchedAt: undefined, known: 0, problem: undefined },
      revocations: { state: "behind", cursor: 0, staleFor: undefined, known: 0, problem: undefined },
    });
    await Promise.all([heard.heard("keys.refreshed"), heard.heard("feed.followed")]);
    expect(guard.health()).toMatchObject({ ok: true, revocations: { state: "following" } });
  });

  test("while all goes well", async () => {
    await using issuer = await OwnIssuer.start();
    issuer.end("a");
    await using guard = issuer.guard();
    await guard.ready();
    expect(guard.health()).toEqual({
      ok: true,
      keys: { state: "fresh", fetchedAt: issuer.tokens.now, known: 1, problem: undefined },
      revocations: {
        state: "following",
        cursor: 1,
        staleFor: expect.any(Number),
        known: 1,
        problem: undefined,
      },
    });
  });

  test("of sources that were given nothing is known but that they are", async () => {
    await using issuer = await OwnIssuer.start();
    await using guard = issuer.guard({
      keys: { get: () => issuer.tokens.publicKey },
      revocations: { isRevoked: () => false },
    });
    expect(guard.health()).toMatchObject({
      ok: true,
      keys: { state: "given" },
      revocations: { state: "given" },
    });
    expect(issuer.requests).toEqual([]);
  });

  test("of an issuer without a feed", async () => {
    await using issuer = await OwnIssuer.start();
    issuer.discovery = {};
    await using guard = issuer.guard();
    await guard.ready();
    expect(guard.health()).toMatchObject({ ok: true, revocations: { state: "none" } });
  });

  test("of a feed that is not to be followed", async () => {
    await using issuer = await OwnIssuer.start();
    await using guard = issuer.guard({ follow: false });
    await guard.ready();
    expect(guard.health()).toMatchObject({ ok: true, revocations: { state: "none" } });
    expect(issuer.asked("/revocations")).toBe(0);
  });

  test.each([
    ["refuse", false],
    ["ask", true],
    ["accept", true],
  ] as const)("with a feed that is lost and `%s`: ok is %s", async (whenStale, ok) => {
    await using issuer = await OwnIssuer.start();
    const heard = new Listener();
    await using guard = issuer.guard({ whenStale, onEvent: heard.onEvent });
    await guard.ready();
    issuer.answers.set("/revocations", down);
    issuer.cut();
    await heard.heard("feed.lost");
    expect(guard.health()).toMatchObject({ ok: true, revocations: { state: "behind" } });
    issuer.tokens.now += 30_001;
    expect(guard.health()).toMatchObject({ ok, revocations: { state: "lost" } });
  });

  test("a feed that never came is lost, though no token asked for it", async () => {
    await using issuer = await OwnIssuer.start();
    issuer.answers.set(
      "/revocations",
      json(() => ({}), 401),
    );
    const heard = new Listener();
    await using guard = issuer.guard({ onEvent: heard.onEvent });
    guard.health();
    await heard.heard("keys.refreshed");
    expect(guard.health()).toMatchObject({ ok: false, revocations: { state: "behind" } });
    await until("the feed is lost", () => guard.health().revocations.state === "lost", 20_000);
    expect(guard.health()).toMatchObject({
      ok: false,
      keys: { state: "fresh" },
      revocations: { staleFor: undefined, problem: "answered 401" },
    });
    // What it says is what is done, at once.
    expect(await codeOf(guard.verify(await issuer.token()))).toBe("revocations_unavailable");
  });

  test("of a guard that is closed", async () => {
    await using issuer = await OwnIssuer.start();
    const guard = issuer.guard();
    await guard.ready();
    guard.close();
    expect(guard.health().ok).toBe(false);
  });
});

describe.concurrent("ready", () => {
  test("when keys and all ended sessions are here", async () => {
    await using issuer = await OwnIssuer.start();
    issuer.end("session-1");
    await using guard = issuer.guard();
    await guard.ready();
    issuer.answers.set("/keys", down).set("/revocations", down);
    expect(await codeOf(guard.verify(await issuer.token()))).toBe("token_revoked");
  });

  test("with sources that were given: at once, and nobody is asked", async () => {
    await using issuer = await OwnIssuer.start();
    await using guard = issuer.guard({
      keys: { get: () => issuer.tokens.publicKey },
      revocations: { isRevoked: () => false },
    });
    await guard.ready();
    expect(issuer.requests).toEqual([]);
  });

  test.each([
    ["/keys", "refuse", "keys_unavailable"],
    ["/.well-known/openid-configuration", "accept", "keys_unavailable"],
    ["/revocations", "refuse", "revocations_unavailable"],
    ["/revocations", "ask", "accepted"],
    ["/revocations", "accept", "accepted"],
  ] as const)("where %s fails, with `%s`: what a check would end with, %s", async (path, whenStale, code) => {
    await using issuer = await OwnIssuer.start();
    issuer.answers.set(path, down);
    await using guard = issuer.guard({ whenStale });
    expect(await codeOf(guard.ready())).toBe(code);
    expect(await codeOf(guard.verify(await issuer.token()))).toBe(code);
  });

  test("the guard goes on trying, and is ready then", async () => {
    await using issuer = await OwnIssuer.start();
    issuer.answers.set("/keys", down);
    const heard = new Listener();
    await using guard = issuer.guard({ onEvent: heard.onEvent });
    const ready = guard.ready();
    await heard.heard("keys.unavailable", 2);
    issuer.answers.clear();
    await ready;
    expect(await codeOf(guard.verify(await issuer.token()))).toBe("accepted");
  });

  test("asked for again when all is here, it is at once", async () => {
    await using issuer = await OwnIssuer.start();
    await using guard = issuer.guard();
    await Promise.all([guard.ready(), guard.ready()]);
    const { length } = issuer.requests;
    await guard.ready();
    expect(issuer.requests).toHaveLength(length);
  });
});

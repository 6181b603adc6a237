import { codeOf } from "@latchkey/testkit/mcp/issuer";
import { until } from "@latchkey/testkit/until";
import { describe, expect, test } from "vitest";
import { Listener } from "./listener.ts";
import { json, OwnIssuer } from "./own-issuer.ts";

const down = json(() => ({}), 503);

describe("health", () => {
  test("before any response: nothing is known, and the first call starts reading", async () => {
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

  test("while keys and feed are fresh", async () => {
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

  test("with sources of the program: `given`", async () => {
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

  test("with an issuer without a feed", async () => {
    await using issuer = await OwnIssuer.start();
    issuer.discovery = {};
    await using guard = issuer.guard();
    await guard.ready();
    expect(guard.health()).toMatchObject({ ok: true, revocations: { state: "none" } });
  });

  test("with `follow: false`", async () => {
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

  test("a feed that never came is lost, even without a token", async () => {
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
    // Health and check agree at once.
    expect(await codeOf(guard.verify(await issuer.token()))).toBe("revocations_unavailable");
  });

  test("of a closed guard", async () => {
    await using issuer = await OwnIssuer.start();
    const guard = issuer.guard();
    await guard.ready();
    guard.close();
    expect(guard.health().ok).toBe(false);
  });
});

describe.concurrent("ready", () => {
  test("when keys and all ended sessions have arrived", async () => {
    await using issuer = await OwnIssuer.start();
    issuer.end("session-1");
    await using guard = issuer.guard();
    await guard.ready();
    issuer.answers.set("/keys", down).set("/revocations", down);
    expect(await codeOf(guard.verify(await issuer.token()))).toBe("token_revoked");
  });

  test("with sources of the program: at once, without a request", async () => {
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
  ] as const)("ends as a check would: %s fails, with `%s`: %s", async (path, whenStale, code) => {
    await using issuer = await OwnIssuer.start();
    issuer.answers.set(path, down);
    await using guard = issuer.guard({ whenStale });
    expect(await codeOf(guard.ready())).toBe(code);
    expect(await codeOf(guard.verify(await issuer.token()))).toBe(code);
  });

  test("the guard keeps trying, and is ready later", async () => {
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

  test("is immediate once everything has arrived", async () => {
    await using issuer = await OwnIssuer.start();
    await using guard = issuer.guard();
    await Promise.all([guard.ready(), guard.ready()]);
    const { length } = issuer.requests;
    await guard.ready();
    expect(issuer.requests).toHaveLength(length);
  });
});

import { describe, expect, test } from "vitest";
import { codeLifetime } from "../../src/core/stories/authorize.ts";
import type { Redemption } from "../../src/core/stories/redeem.ts";
import {
  challengeOf,
  editor,
  type OauthWorld,
  oauthWorld,
  redemptionOf,
  request,
  stranger,
  verifier,
} from "./oauth-world.ts";
import { caller, notes } from "./small-world.ts";

const invalidGrant = { code: "invalid_grant" };
const otherVerifier = "x".repeat(43);

const liveSessions = ({ parts, store }: OauthWorld) => store.sessions.live(parts.clock());

describe("a code", () => {
  test("is traded for the tokens of a session of the client", async () => {
    await using world = await oauthWorld();
    const browser = { ...caller, address: "192.0.2.99" };
    const code = await world.authorize(
      { username: "alice@example.com", password: "correct horse battery" },
      request,
      browser,
    );
    expect(code).toMatch(/^lka_[\w-]{43}$/);
    const granted = await world.trade(code);
    expect(granted).toMatchObject({ expiresIn: 3600, scope: "notes:read notes:write" });
    const { claims, sessionId } = await world.parts.checkAny(granted.accessToken);
    expect(claims).toMatchObject({
      sub: "user:alice",
      aud: notes,
      client_id: editor.id,
      scope: "notes:read notes:write",
    });
    expect(await liveSessions(world)).toMatchObject([
      {
        id: sessionId,
        client: { id: editor.id, name: "Editor", scope: "notes:read notes:write", resource: notes },
        // Of the person's browser, not of the client's server.
        addressBucket: "192.0.2.99",
      },
    ]);
    const [granting, redeemed] = world.heard.slice(-2);
    expect(granting).toMatchObject({
      name: "authorization.granted",
      subject: "user:alice",
      client: editor.id,
      resource: notes,
    });
    expect(redeemed).toMatchObject({
      name: "authorization.redeemed",
      subject: "user:alice",
      client: editor.id,
      resource: notes,
      sessionId,
    });
    expect(JSON.stringify(world.heard)).not.toContain(code.slice(4));
  });

  test.each<[string, Partial<Redemption>]>([
    ["the redirect URI left out, as in OAuth 2.1", { redirectUri: undefined }],
    ["the resource left out", { resource: undefined }],
    ["the resource with a slash", { resource: `${notes}/` }],
    ["the resource in capitals", { resource: "HTTPS://Notes.TEST:443/mcp" }],
    ["the origin of the resource alone", { resource: "https://notes.test" }],
  ])("is accepted with %s", async (_name, about) => {
    await using world = await oauthWorld();
    expect(await world.trade(await world.allow(), about)).toMatchObject({ scope: request.scope });
  });

  test.each<[string, Partial<Redemption>, string]>([
    ["another verifier", { verifier: otherVerifier }, "invalid_grant"],
    ["a short verifier", { verifier: "short" }, "invalid_grant"],
    ["the challenge as verifier", { verifier: challengeOf(verifier) }, "invalid_grant"],
    ["no verifier", { verifier: "" }, "invalid_grant"],
    ["another redirect URI", { redirectUri: "https://editor.test/other" }, "invalid_grant"],
    ["an empty redirect URI", { redirectUri: "" }, "invalid_grant"],
    ["another resource", { resource: "http://test" }, "invalid_target"],
    ["an unknown resource", { resource: "https://elsewhere.test/" }, "invalid_target"],
  ])("with %s is refused, and not used up", async (_name, about, refusal) => {
    await using world = await oauthWorld();
    const code = await world.allow();
    await expect(world.trade(code, about)).rejects.toMatchObject({ code: refusal });
    expect(await liveSessions(world)).toEqual([]);
    expect(await world.trade(code)).toHaveProperty("refreshToken");
  });

  test("of another client is refused, and changes nothing, used or not", async () => {
    await using world = await oauthWorld();
    const code = await world.allow();
    const steal = () => world.redeem(redemptionOf(code), stranger, caller);
    await expect(steal()).rejects.toMatchObject(invalidGrant);
    const { accessToken } = await world.trade(code);
    world.advance(3_000_000);
    const before = world.heard.length;
    await expect(steal()).rejects.toMatchObject(invalidGrant);
    await expect(
      world.redeem(redemptionOf(code, { verifier: otherVerifier }), stranger, caller),
    ).rejects.toMatchObject(invalidGrant);
    expect(world.since(before)).toEqual([]);
    await expect(world.parts.checkAny(accessToken)).resolves.toMatchObject({ userId: "user:alice" });
  });

  test.each(["lka_unknown", "", "\0", "x".repeat(100_000)])("%j is refused as unknown", async (code) => {
    await using world = await oauthWorld();
    await expect(world.trade(code)).rejects.toMatchObject(invalidGrant);
  });

  test("lives for a minute", async () => {
    await using world = await oauthWorld();
    const [early, late] = [await world.allow(), await world.allow()];
    expect(codeLifetime).toBe(60_000);
    world.advance(codeLifetime - 1);
    await world.trade(early);
    world.advance(1);
    await expect(world.trade(late)).rejects.toMatchObject(invalidGrant);
  });

  test("of a removed resource is refused, and leads to a new sign-in", async () => {
    await using world = await oauthWorld();
    const elsewhere = { url: "https://elsewhere.test/", name: null, scopes: [] };
    const about = { at: world.parts.clock(), address: "test" };
    await world.store.resources.put({ ...elsewhere, createdAt: 0 }, { name: "resource.added", ...about });
    const code = await world.allow({ resource: elsewhere });
    await world.store.resources.remove(elsewhere.url, { name: "resource.removed", ...about });
    for (const resource of [elsewhere.url, undefined])
      await expect(world.trade(code, { resource })).rejects.toMatchObject(invalidGrant);
  });

  test("ends the oldest sessions beyond the limit of its user", async () => {
    await using world = await oauthWorld();
    const first = await world.grant();
    for (let count = 1; count < 10; count++) {
      world.advance(1);
      await world.grant();
    }
    await expect(world.parts.checkAny(first.accessToken)).resolves.toBeDefined();
    const before = world.heard.length;
    await world.grant();
    await expect(world.parts.checkAny(first.accessToken)).rejects.toMatchObject({ code: "token_revoked" });
    expect(world.since(before)).toEqual(["authorization.granted", "authorization.redeemed", "session.ended"]);
    expect(world.heard.at(-1)).toMatchObject({ reason: "limit", client: editor.id });
  });
});

describe("a repeated code", () => {
  test.each([0, 1, 30_000, 60_000])(
    "with the right verifier after %i ms is refused and ends nothing",
    async (ms) => {
      await using world = await oauthWorld();
      const code = await world.allow();
      const { accessToken } = await world.trade(code);
      world.advance(ms);
      const before = world.heard.length;
      await expect(world.trade(code)).rejects.toMatchObject(invalidGrant);
      expect(world.since(before)).toEqual([]);
      await expect(world.parts.checkAny(accessToken)).resolves.toBeDefined();
    },
  );

  test.each<[string, number, Partial<Redemption>]>([
    ["after the grace", 60_001, {}],
    ["with another verifier", 0, { verifier: otherVerifier }],
    ["with another verifier after the grace", 3_000_000, { verifier: otherVerifier }],
  ])("%s ends the session", async (_name, ms, about) => {
    await using world = await oauthWorld();
    const code = await world.allow();
    const { accessToken, refreshToken } = await world.trade(code);
    const { sessionId } = await world.parts.checkAny(accessToken);
    world.advance(ms);
    const before = world.heard.length;
    await expect(world.trade(code, about)).rejects.toMatchObject(invalidGrant);
    expect(world.heard.slice(before)).toMatchObject([
      { name: "authorization.replayed", subject: "user:alice", sessionId, client: editor.id },
      { name: "session.ended", subject: "user:alice", sessionId, client: editor.id, reason: "replay" },
    ]);
    await expect(world.parts.checkAny(accessToken)).rejects.toMatchObject({ code: "token_revoked" });
    await expect(world.refresh({ refreshToken }, caller, { clientId: editor.id })).rejects.toMatchObject(
      invalidGrant,
    );
    // A further replay finds nothing to end.
    await expect(world.trade(code, about)).rejects.toMatchObject(invalidGrant);
    expect(world.since(before)).toHaveLength(2);
  });

  test.each([-3_600_000, 3_600_000])("ends nothing when the clock steps by %i ms", async (ms) => {
    await using world = await oauthWorld();
    const code = await world.allow();
    const { accessToken } = await world.trade(code);
    world.stepWallClock(ms);
    await expect(world.trade(code)).rejects.toMatchObject(invalidGrant);
    world.stepWallClock(-ms);
    await expect(world.parts.checkAny(accessToken)).resolves.toBeDefined();
  });
});

describe("between consent and redemption", () => {
  const event = { at: 1_700_000_000_000, address: "test" } as const;
  const changes: readonly (readonly [string, (world: OauthWorld) => Promise<unknown>])[] = [
    [
      "a new password",
      ({ store }) =>
        store.users.setPassword("user:alice", "$new", { name: "user.password_changed", ...event }),
    ],
    [
      "disabling the user",
      ({ store }) => store.users.setActive("user:alice", false, { name: "user.disabled", ...event }),
    ],
    [
      "removing the user",
      ({ store }) => store.users.remove("user:alice", { name: "user.removed", ...event }),
    ],
    [
      "ending all sessions",
      ({ store }) => store.sessions.endAll("user:alice", { name: "sessions.ended", ...event }),
    ],
    [
      "blocking the client",
      ({ store }) => store.clients.block(editor.id, "Editor", { name: "client.blocked", ...event }, ""),
    ],
  ];

  test.each(changes)("%s outdates the code", async (_name, change) => {
    await using world = await oauthWorld();
    const code = await world.allow();
    await change(world);
    await expect(world.trade(code)).rejects.toMatchObject(invalidGrant);
    expect(await liveSessions(world)).toEqual([]);
  });

  test.each(changes)("%s outdates the code also between check and use", async (_name, change) => {
    let world: OauthWorld | undefined;
    await using made = await oauthWorld({
      authorizations: (authorizations) => ({
        ...authorizations,
        async redeem(...trade) {
          if (world !== undefined) await change(world);
          return authorizations.redeem(...trade);
        },
      }),
    });
    world = made;
    await expect(world.trade(await world.allow())).rejects.toMatchObject(invalidGrant);
    expect(await liveSessions(world)).toEqual([]);
  });
});

test("unknown codes count for the address; the client's other codes are redeemed past the limit", async () => {
  await using world = await oauthWorld({}, { limit: 1, windowMs: 60_000 });
  const code = await world.allow();
  // The limits of a refresh are ten times as high.
  for (let count = 0; count < 10; count++)
    await expect(world.trade("lka_unknown")).rejects.toMatchObject(invalidGrant);
  await expect(world.trade("lka_unknown")).rejects.toMatchObject({ code: "rate_limited" });
  expect(world.heard.at(-1)).toMatchObject({
    name: "refresh.throttled",
    reason: "address",
    client: editor.id,
  });
  await expect(world.trade(code)).resolves.toHaveProperty("refreshToken");
});

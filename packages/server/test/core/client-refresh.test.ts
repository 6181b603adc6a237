import { describe, expect, test } from "vitest";
import type { RegisteredClient } from "../../src/core/oauth/registered-clients.ts";
import { editor, type OauthWorld, oauthWorld, request, stranger } from "./oauth-world.ts";
import { caller, notes } from "./small-world.ts";

const by = { clientId: editor.id };
/** The editor, as the operator adds it. */
const addedEditor: RegisteredClient = {
  ...editor,
  ...{ voucher: { by: "operator" }, roles: [], scope: "", sessionId: null, createdAt: 0, blockedAt: null },
};
const elsewhere = { ...caller, address: "198.51.100.1" };
const generationOf = async ({ store, parts }: OauthWorld) =>
  (await store.sessions.live(parts.clock())).map(({ generation }) => generation);

describe("a client's refresh", () => {
  test("rotates the token, and keeps resource and scope", async () => {
    await using world = await oauthWorld();
    const { refreshToken } = await world.grant();
    const refreshed = await world.refresh({ refreshToken }, caller, by);
    expect(refreshed).toMatchObject({ scope: request.scope, expiresIn: 3600 });
    expect(refreshed.refreshToken).not.toBe(refreshToken);
    const { claims } = await world.parts.checkAny(refreshed.accessToken);
    expect(claims).toMatchObject({ aud: notes, client_id: editor.id, scope: request.scope });
    expect(world.heard.at(-1)).toMatchObject({ name: "token.refreshed", client: editor.id });
  });

  test.each([
    ["the same resource", notes],
    ["another spelling of it", `${notes}/`],
    ["its origin", "https://notes.test/"],
  ])("accepts %s", async (_name, resource) => {
    await using world = await oauthWorld();
    const { refreshToken } = await world.grant();
    await expect(world.refresh({ refreshToken }, caller, { ...by, resource })).resolves.toBeDefined();
  });

  test.each([
    ["another resource", { resource: "http://test" }, "invalid_target"],
    ["an unknown resource", { resource: "https://elsewhere.test/" }, "invalid_target"],
    ["a wider scope", { scope: "notes:read notes:write email" }, "invalid_scope"],
  ])("with %s is refused, and uses nothing up", async (_name, more, code) => {
    await using world = await oauthWorld();
    const { refreshToken } = await world.grant();
    const before = world.heard.length;
    await expect(world.refresh({ refreshToken }, caller, { ...by, ...more })).rejects.toMatchObject({ code });
    expect(await generationOf(world)).toEqual([0]);
    expect(world.since(before)).toEqual([]);
  });

  test("narrows the scope of one access token, and of no later one", async () => {
    await using world = await oauthWorld();
    const { refreshToken } = await world.grant();
    const narrow = await world.refresh({ refreshToken }, caller, {
      ...by,
      scope: " notes:read  offline_access",
    });
    expect(narrow.scope).toBe("notes:read");
    expect((await world.parts.checkAny(narrow.accessToken)).scopes).toEqual(["notes:read"]);
    const next = await world.refresh({ refreshToken: narrow.refreshToken ?? "" }, caller, by);
    expect(next.scope).toBe(request.scope);
  });

  test.each([caller, elsewhere])(
    "repeated from $address within a minute gets the same successor",
    async (from) => {
      await using world = await oauthWorld();
      const { refreshToken } = await world.grant();
      const first = await world.refresh({ refreshToken }, caller, by);
      world.advance(60_000);
      const repeated = await world.refresh({ refreshToken }, from, by);
      expect(repeated.refreshToken).toBe(first.refreshToken);
      expect(world.heard.at(-1)).toMatchObject({ name: "refresh.repeated", client: editor.id });
    },
  );

  test("repeated after the grace is a replay and ends the session", async () => {
    await using world = await oauthWorld();
    const { refreshToken, accessToken } = await world.grant();
    await world.refresh({ refreshToken }, caller, by);
    world.advance(60_001);
    const before = world.heard.length;
    await expect(world.refresh({ refreshToken }, caller, by)).rejects.toMatchObject({
      code: "invalid_grant",
    });
    expect(world.heard.slice(before)).toMatchObject([
      { name: "refresh.replayed", client: editor.id },
      { name: "session.ended", reason: "replay", client: editor.id },
    ]);
    await expect(world.parts.checkAny(accessToken)).rejects.toMatchObject({ code: "token_revoked" });
  });

  test.each([
    ["another resource", { resource: "http://test" }],
    ["a wider scope", { scope: "notes:read notes:write email" }],
  ])("repeated after the grace with %s is a replay all the same", async (_name, more) => {
    await using world = await oauthWorld();
    const { refreshToken } = await world.grant();
    await world.refresh({ refreshToken }, caller, by);
    world.advance(60_001);
    const before = world.heard.length;
    const late = world.refresh({ refreshToken }, caller, { ...by, ...more });
    await expect(late).rejects.toMatchObject({ code: "invalid_grant" });
    expect(world.heard.slice(before)).toMatchObject([
      { name: "refresh.replayed", client: editor.id },
      { name: "session.ended", client: editor.id, reason: "replay" },
    ]);
  });

  test("of a removed resource is refused, and leads to a new sign-in", async () => {
    await using world = await oauthWorld();
    const resource = { url: "https://elsewhere.test/", name: null, scopes: [] };
    const about = { at: world.parts.clock(), address: "test" };
    await world.store.resources.put({ ...resource, createdAt: 0 }, { name: "resource.added", ...about });
    const code = await world.allow({ resource });
    const { refreshToken } = await world.trade(code, { resource: resource.url });
    await world.store.resources.remove(resource.url, { name: "resource.removed", ...about });
    await expect(world.refresh({ refreshToken }, caller, by)).rejects.toMatchObject({
      code: "invalid_grant",
    });
    expect(await generationOf(world)).toEqual([0]);
  });
});

describe("kept apart", () => {
  const invalidGrant = "invalid_grant";

  test("a client's refresh token is refused at the refresh of a login, as an unknown one", async () => {
    await using world = await oauthWorld();
    const { refreshToken } = await world.grant();
    const { refreshTokens } = world.parts;
    const unknown = refreshTokens.write(refreshTokens.first());
    const refusalOf = (token: string) =>
      world.refresh({ refreshToken: token }, caller).catch((error: unknown) => error);
    expect(await refusalOf(refreshToken)).toMatchObject({ code: "token_revoked", status: 401 });
    expect(await refusalOf(refreshToken)).toEqual(await refusalOf(unknown));
    expect(await generationOf(world)).toEqual([0]);
  });

  test("a client's access token is not traded, not even for an audience of logins", async () => {
    await using world = await oauthWorld();
    const resource = { url: "http://test", name: null, scopes: [] };
    const { accessToken } = await world.trade(await world.allow({ resource }), { resource: undefined });
    await expect(world.check(accessToken)).resolves.toBeDefined();
    await expect(world.refresh({ currentToken: accessToken }, caller)).rejects.toMatchObject({
      code: "token_revoked",
    });
    await expect(world.refresh({ currentToken: accessToken }, caller, by)).rejects.toMatchObject({
      code: "validation_error",
    });
  });

  test("an access token for a resource is no token of a login", async () => {
    await using world = await oauthWorld();
    const { accessToken } = await world.grant();
    await expect(world.check(accessToken)).rejects.toMatchObject({ code: "invalid_token" });
    await expect(world.refresh({ currentToken: accessToken }, caller)).rejects.toMatchObject({
      code: "invalid_token",
    });
  });

  test("a client gets nothing for the tokens of a login", async () => {
    await using world = await oauthWorld();
    const { refresh: refreshToken, access } = await world.open();
    await expect(world.refresh({ refreshToken }, caller, by)).rejects.toMatchObject({ code: invalidGrant });
    await expect(world.refresh({ currentToken: access }, caller, by)).rejects.toMatchObject({
      code: "validation_error",
    });
    await expect(world.refresh({ refreshToken }, caller)).resolves.toHaveProperty("refreshToken");
  });

  test("a client gets nothing for the tokens of another client", async () => {
    await using world = await oauthWorld();
    const { refreshToken } = await world.grant();
    const before = world.heard.length;
    await expect(world.refresh({ refreshToken }, caller, { clientId: stranger.id })).rejects.toMatchObject({
      code: invalidGrant,
    });
    expect(world.since(before)).toEqual([]);
    expect(await generationOf(world)).toEqual([0]);
  });

  test.each([
    ["an unknown token", async () => "lkr_unknown"],
    [
      "an ended session's",
      async (world: OauthWorld) => {
        const { refreshToken } = await world.grant();
        await world.revokeToken(refreshToken, editor.id, caller);
        return refreshToken;
      },
    ],
    [
      "an expired session's",
      async (world: OauthWorld) => {
        const { refreshToken } = await world.grant();
        world.advance(8 * 86_400_000);
        return refreshToken;
      },
    ],
    ["a login's", async (world: OauthWorld) => (await world.open()).refresh],
  ])("%s refresh token gets one answer at the token endpoint", async (_name, tokenOf) => {
    await using world = await oauthWorld();
    await expect(world.refresh({ refreshToken: await tokenOf(world) }, caller, by)).rejects.toMatchObject({
      code: invalidGrant,
      status: 400,
      message: "The code or the refresh token is not valid for this client: sign in again",
    });
  });
});

describe("each way of ending", () => {
  const about = { at: 1_700_000_000_000, address: "test" } as const;
  type Granted = Awaited<ReturnType<OauthWorld["grant"]>>;
  type End = (world: OauthWorld, granted: Granted) => Promise<unknown>;

  /** Ends a session that is in use, and checks that nothing takes its tokens any more. */
  async function endAndCheck(world: OauthWorld, end: End): Promise<void> {
    const granted = await world.grant();
    const { refreshToken, accessToken } = granted;
    await using guard = world.notesGuard();
    await expect(guard.verify(accessToken)).resolves.toBeDefined();
    await expect(world.parts.checkAny(accessToken)).resolves.toBeDefined();
    expect(await end(world, granted)).not.toBe(false);
    await world.parts.revocations.poll();
    await expect(world.refresh({ refreshToken }, caller, by)).rejects.toMatchObject({
      code: "invalid_grant",
    });
    const revoked = { code: "token_revoked" };
    await expect(world.parts.checkAny(accessToken)).rejects.toMatchObject(revoked);
    await expect(guard.verify(accessToken)).rejects.toMatchObject(revoked);
    expect(() => guard.recall(accessToken)).toThrow(expect.objectContaining(revoked));
    await using fresh = world.notesGuard();
    await expect(fresh.verify(accessToken)).rejects.toMatchObject(revoked);
    expect(await world.introspect(accessToken)).toBeUndefined();
  }

  test.each<[string, End]>([
    [
      "a new password",
      ({ store }) =>
        store.users.setPassword("user:alice", "$new", { name: "user.password_changed", ...about }),
    ],
    [
      "disabling the user",
      ({ store }) => store.users.setActive("user:alice", false, { name: "user.disabled", ...about }),
    ],
    [
      "removing the user",
      ({ store }) => store.users.remove("user:alice", { name: "user.removed", ...about }),
    ],
    [
      "ending all sessions",
      ({ store }) => store.sessions.endAll("user:alice", { name: "sessions.ended", ...about }),
    ],
    [
      "blocking the client",
      ({ store }) => store.clients.block(editor.id, "Editor", { name: "client.blocked", ...about }, ""),
    ],
    [
      "removing the client",
      async ({ store }) => {
        await store.clients.add(addedEditor, { name: "client.added", ...about });
        return store.clients.remove(editor.id, { name: "client.removed", ...about });
      },
    ],
  ])("%s ends refresh, access token and pending code", async (_name, end) => {
    await using world = await oauthWorld();
    const code = await world.allow();
    await endAndCheck(world, end);
    await expect(world.trade(code)).rejects.toMatchObject({ code: "invalid_grant" });
  });

  test.each<[string, End]>([
    [
      "revoking the refresh token",
      ({ revokeToken }, { refreshToken }) => revokeToken(refreshToken, editor.id, caller),
    ],
    [
      "revoking the access token",
      ({ revokeToken }, { accessToken }) => revokeToken(accessToken, editor.id, caller),
    ],
    [
      "the operator",
      async ({ store, parts }, { accessToken }) => {
        const { sessionId = "" } = await parts.checkAny(accessToken);
        return store.sessions.end(sessionId, [{ name: "session.ended", reason: "operator", ...about }]);
      },
    ],
  ])("%s ends refresh and access token of one session alone", async (_name, end) => {
    await using world = await oauthWorld();
    const code = await world.allow();
    const other = await world.grant();
    await endAndCheck(world, end);
    await using guard = world.notesGuard();
    await expect(guard.verify(other.accessToken)).resolves.toBeDefined();
    await expect(world.refresh({ refreshToken: other.refreshToken }, caller, by)).resolves.toBeDefined();
    await expect(world.trade(code)).resolves.toBeDefined();
  });

  test("the logout of a person's own login ends no client's session", async () => {
    await using world = await oauthWorld();
    const { accessToken } = await world.grant();
    const { access } = await world.open();
    await world.signOut(access, caller);
    await expect(world.parts.checkAny(accessToken)).resolves.toBeDefined();
  });
});

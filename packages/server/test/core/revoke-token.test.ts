import { describe, expect, test } from "vitest";
import { editor, type OauthWorld, oauthWorld, stranger } from "./oauth-world.ts";
import { caller, notes } from "./small-world.ts";

describe("the revocation of a token", () => {
  test.each<[string, (world: OauthWorld) => Promise<{ token: string; accessToken: string }>]>([
    [
      "a refresh token",
      async (world) => {
        const { refreshToken: token, accessToken } = await world.grant();
        return { token, accessToken };
      },
    ],
    [
      "an access token",
      async (world) => {
        const { accessToken } = await world.grant();
        return { token: accessToken, accessToken };
      },
    ],
    [
      "an earlier refresh token",
      async (world) => {
        const { refreshToken: token } = await world.grant();
        const { accessToken } = await world.refresh({ refreshToken: token }, caller, { clientId: editor.id });
        return { token, accessToken };
      },
    ],
  ])("by %s ends the session at once", async (_name, granted) => {
    await using world = await oauthWorld();
    const { token, accessToken } = await granted(world);
    const { sessionId } = await world.parts.checkAny(accessToken);
    const before = world.heard.length;
    await world.revokeToken(token, editor.id, caller);
    await expect(world.parts.checkAny(accessToken)).rejects.toMatchObject({ code: "token_revoked" });
    expect(world.heard.slice(before)).toMatchObject([
      { name: "session.ended", reason: "revoked", sessionId, subject: "user:alice", client: editor.id },
    ]);
    // A second time succeeds too.
    await world.revokeToken(token, editor.id, caller);
    expect(world.since(before)).toHaveLength(1);
  });

  test.each<[string, (world: OauthWorld) => Promise<string>, string]>([
    ["of another client", async (world) => (await world.grant()).refreshToken, stranger.id],
    ["for access, of another client", async (world) => (await world.grant()).accessToken, stranger.id],
    ["of a person's own login", async (world) => (await world.open()).refresh, editor.id],
    ["of a person's own login, for access", async (world) => (await world.open()).access, "latchkey"],
    ["that is unknown", async () => "lkr_unknown", editor.id],
    ["that is empty", async () => "", editor.id],
  ])("%s changes nothing, and is no error", async (_name, tokenOf, clientId) => {
    await using world = await oauthWorld();
    const token = await tokenOf(world);
    const before = world.heard.length;
    await world.revokeToken(token, clientId, caller);
    expect(world.since(before)).toEqual([]);
    expect(await world.store.revocations.after(0)).toEqual([]);
  });
});

describe("introspection", () => {
  test("answers with the claims of a client's token, whatever its resource", async () => {
    await using world = await oauthWorld();
    const { accessToken } = await world.grant();
    const { sessionId } = await world.parts.checkAny(accessToken);
    const iat = world.parts.clock() / 1000;
    expect(await world.introspect(accessToken)).toEqual({
      iss: "http://test",
      sub: "user:alice",
      aud: notes,
      client_id: editor.id,
      scope: "notes:read notes:write",
      iat,
      exp: iat + 3600,
      jti: expect.stringMatching(/^[\da-f-]{36}$/),
      sid: sessionId,
      username: "alice",
      roles: [],
    });
  });

  test("answers with the claims of a person's own login", async () => {
    await using world = await oauthWorld();
    const { access, sessionId } = await world.open();
    expect(await world.introspect(access)).toMatchObject({
      aud: "http://test",
      client_id: "latchkey",
      sid: sessionId,
    });
  });

  test.each<[string, (world: OauthWorld) => Promise<string>]>([
    ["a refresh token", async (world) => (await world.grant()).refreshToken],
    [
      "an ended session's token",
      async (world) => {
        const { accessToken } = await world.grant();
        await world.revokeToken(accessToken, editor.id, caller);
        return accessToken;
      },
    ],
    [
      "an expired token",
      async (world) => {
        const { accessToken } = await world.grant();
        world.advance(3_600_000);
        return accessToken;
      },
    ],
    ["a changed token", async (world) => `${(await world.grant()).accessToken.slice(0, -9)}AAAAAAAAA`],
    ["any text", async () => "any text"],
    ["an empty text", async () => ""],
  ])("knows nothing of %s", async (_name, tokenOf) => {
    await using world = await oauthWorld();
    expect(await world.introspect(await tokenOf(world))).toBeUndefined();
  });
});

import { expect, test } from "vitest";
import { createOwnSessions } from "../../src/core/stories/own-sessions.ts";
import { editor, type OauthWorld, oauthWorld } from "./oauth-world.ts";
import { caller } from "./small-world.ts";

/** A token for the audience of logins, of a client. */
async function forLogins(world: OauthWorld): Promise<string> {
  const code = await world.allow({ resource: { url: "http://test", name: null, scopes: [] } });
  return (await world.trade(code, { resource: undefined })).accessToken;
}

const ownSessions = ({ parts }: OauthWorld) => createOwnSessions({ ...parts, longestGrace: 0 });

test.each<[string, (world: OauthWorld) => Promise<unknown>, object]>([
  [
    "a logout with a client's token",
    async (world) => world.signOut(await forLogins(world), caller),
    { name: "session.ended", reason: "logout" },
  ],
  [
    "the end of a client's session by a person's own login",
    async (world) => {
      const { accessToken } = await world.grant();
      const { sessionId } = await world.parts.checkAny(accessToken);
      const me = await world.check((await world.open()).access);
      return ownSessions(world).end(me, sessionId, caller);
    },
    { name: "session.ended", reason: "owner" },
  ],
  [
    "the end of all sessions through a client",
    async (world) => {
      const me = await world.check(await forLogins(world));
      return ownSessions(world).endAll(me, true, caller);
    },
    { name: "sessions.ended", reason: "owner_others" },
  ],
])("%s names the client", async (_name, act, expected) => {
  await using world = await oauthWorld();
  await world.open();
  await act(world);
  expect(world.heard.at(-1)).toMatchObject({ ...expected, subject: "user:alice", client: editor.id });
});

test.each([
  ["of no session", "lkr_forged", "address"],
  ["of an ended session", undefined, "pair"],
])("a limit on refresh tokens %s names the client", async (_name, forged, reason) => {
  await using world = await oauthWorld({}, { limit: 1, windowMs: 60_000 });
  const { refreshToken } = await world.grant();
  await world.revokeToken(refreshToken, editor.id, caller);
  // The limits of a refresh are ten times as high.
  for (let count = 0; count <= 10; count++)
    await world
      .refresh({ refreshToken: forged ?? refreshToken }, caller, { clientId: editor.id })
      .catch(() => {});
  expect(world.heard.at(-1)).toMatchObject({ name: "refresh.throttled", reason, client: editor.id });
});

test("the events of a person's own login name no client", async () => {
  await using world = await oauthWorld();
  const { access, refresh } = await world.open();
  await world.refresh({ refreshToken: refresh }, caller);
  await world.signOut(access, caller);
  expect(world.since(0).slice(-2)).toEqual(["token.refreshed", "session.ended"]);
  for (const event of world.heard) expect(event).not.toHaveProperty("client");
});

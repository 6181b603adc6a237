import { describe, expect, test } from "vitest";
import { credentials, editor, type OauthWorld, oauthWorld, request } from "./oauth-world.ts";
import { caller } from "./small-world.ts";

const wrong = { ...credentials, password: "wrong" };
const event = { at: 1_700_000_000_000, address: "test" } as const;

const blocking = [editor.id, editor.name, { name: "client.blocked", ...event }, "sid"] as const;

/** Blocks and unblocks a client with more sessions than one change ends. */
async function endSlowly({ store }: OauthWorld) {
  const [session] = await store.sessions.live(event.at);
  if (session === undefined) throw new Error("no session");
  for (let more = 0; more < 1000; more++)
    await store.sessions.open({ ...session, id: `s${more}` }, 0, { name: "login.succeeded", ...event });
  await store.clients.block(...blocking);
  await store.clients.unblock(editor.id, { name: "client.unblocked", ...event });
}

describe("a person who signs in on the page", () => {
  test.each([
    ["a wrong password", wrong, "wrong_password", "user:alice"],
    [
      "an unknown name",
      { ...credentials, username: "bob" },
      "unknown_user",
      expect.stringMatching(/^unknown:/),
    ],
  ])("with %s gets no code, and the event names the client", async (_name, sent, reason, subject) => {
    await using world = await oauthWorld();
    const before = world.heard.length;
    await expect(world.authorize(sent, request, caller)).rejects.toMatchObject({
      code: "invalid_credentials",
    });
    expect(world.heard.slice(before)).toMatchObject([
      { name: "login.failed", reason, subject, client: editor.id },
    ]);
  });

  test.each<[string, (world: OauthWorld) => Promise<unknown>]>([
    [
      "disabled",
      ({ store }) => store.users.setActive("user:alice", false, { name: "user.disabled", ...event }),
    ],
    [
      "given a new password",
      ({ store }) =>
        store.users.setPassword("user:alice", "$new", { name: "user.password_changed", ...event }),
    ],
  ])("and is %s meanwhile gets no code", async (_name, change) => {
    let world: OauthWorld | undefined;
    await using made = await oauthWorld({
      authorizations: (authorizations) => ({
        ...authorizations,
        async add(...added) {
          if (world !== undefined) await change(world);
          return authorizations.add(...added);
        },
      }),
    });
    world = made;
    await expect(world.allow()).rejects.toMatchObject({ code: "invalid_credentials" });
    expect(world.heard.at(-1)).toMatchObject({
      name: "login.failed",
      reason: "changed meanwhile",
      client: editor.id,
    });
  });

  test.each<[string, string, (world: OauthWorld) => Promise<unknown>]>([
    ["that is blocked meanwhile", "unknown_client", ({ store }) => store.clients.block(...blocking)],
    ["with sessions that are still being ended", "overloaded", endSlowly],
  ])("for a client %s gets no code, and no failed login counts", async (_name, code, change) => {
    let world: OauthWorld | undefined;
    await using made = await oauthWorld(
      {
        authorizations: (authorizations) => ({
          ...authorizations,
          async add(...added) {
            if (world !== undefined) await change(world);
            return authorizations.add(...added);
          },
        }),
      },
      { limit: 1, windowMs: 60_000 },
    );
    await made.grant();
    world = made;
    await expect(world.allow()).rejects.toMatchObject({ code });
    expect(world.since(0)).not.toContain("login.failed");
    // The limit of one failure is not used up.
    await expect(world.authorize(wrong, request, caller)).rejects.toMatchObject({
      code: "invalid_credentials",
    });
  });

  test("whose claims leave no room for the client gets no code", async () => {
    await using world = await oauthWorld();
    const client = { ...editor, id: `https://editor.test/${"x".repeat(7168)}` };
    await expect(world.allow({ client })).rejects.toMatchObject({ code: "token_too_large" });
    expect(world.since(0)).not.toContain("authorization.granted");
  });

  test("meets the limits of a login, and the event names the client", async () => {
    await using world = await oauthWorld({}, { limit: 2, windowMs: 60_000 });
    for (let count = 0; count < 2; count++)
      await expect(world.authorize(wrong, request, caller)).rejects.toMatchObject({
        code: "invalid_credentials",
      });
    await expect(world.authorize(credentials, request, caller)).rejects.toMatchObject({
      code: "rate_limited",
    });
    expect(world.heard.at(-1)).toMatchObject({
      name: "login.throttled",
      subject: "user:alice",
      client: editor.id,
    });
  });

  test("allows two clients, or one twice, without an end to the others", async () => {
    await using world = await oauthWorld();
    const all = [await world.grant(), await world.grant(), await world.grant()];
    for (const { accessToken } of all) await expect(world.parts.checkAny(accessToken)).resolves.toBeDefined();
  });
});

describe("a denial", () => {
  test("is recorded with its client and resource", async () => {
    await using world = await oauthWorld();
    const before = world.heard.length;
    await world.deny(request, caller);
    expect(world.heard.slice(before)).toMatchObject([
      { name: "authorization.denied", client: editor.id, resource: request.resource.url },
    ]);
    expect(world.heard.at(-1)).not.toHaveProperty("subject");
  });

  test("past the limit of its address succeeds without an event of its own", async () => {
    await using world = await oauthWorld({}, { limit: 2, windowMs: 60_000 });
    const before = world.heard.length;
    for (let count = 0; count < 5; count++) await world.deny(request, caller);
    expect(world.since(before)).toEqual(["authorization.denied", "authorization.denied", "login.throttled"]);
    expect(world.heard.at(-1)).toMatchObject({ client: editor.id });
  });
});

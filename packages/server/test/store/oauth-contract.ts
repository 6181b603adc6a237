import { beforeEach, describe, expect, test } from "vitest";
import type { AuditEventName } from "../../src/core/audit-events.ts";
import type { NewAuthorization } from "../../src/core/oauth/authorizations.ts";
import type { RegisteredClient } from "../../src/core/oauth/registered-clients.ts";
import type { Session, SessionClient } from "../../src/core/stories/sessions.ts";
import type { Store } from "../../src/store/store.ts";
import { event, now, session, user } from "./store-rows.ts";

const day = 86_400_000;

/** Alice's consent to a client. */
const allowed = (id = "editor"): SessionClient => ({
  id,
  name: `${id} of somebody`,
  scope: "notes:read notes:write",
  resource: "https://notes.example/mcp",
});

export const authorization = (codeHash: string, about: Partial<NewAuthorization> = {}): NewAuthorization => ({
  codeHash,
  userId: "user:alice",
  revision: 0,
  client: allowed(),
  redirectUri: "http://127.0.0.1:49152/callback",
  challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
  addressBucket: "192.0.2.7",
  createdAt: now,
  expiresAt: now + 60_000,
  ...about,
});

export const clientSession = (id: string, client = allowed()): Session => ({ ...session(id), client });

const registered = (id: string, about: Partial<RegisteredClient> = {}): RegisteredClient => ({
  id,
  name: `The ${id}`,
  redirectUris: ["https://robot.example/callback"],
  credentials: [
    { kind: "secret", hash: "hash of a secret" },
    { kind: "keys", keys: [{ kty: "EC" }] },
  ],
  grantTypes: ["authorization_code", "refresh_token"],
  voucher: { by: "operator" },
  roles: ["robot"],
  scope: "notes:read",
  sessionId: `sid of ${id}`,
  createdAt: now,
  blockedAt: null,
  ...about,
});

/** Trades a code for a session, at a time. */
export function redeemed(store: Store, codeHash: string, sessionId: string, at = now + 1): Promise<boolean> {
  const given = { ...authorization(codeHash), sessionId: null, redeemedAt: null };
  return store.authorizations.redeem(given, clientSession(sessionId), at, [event("authorization.redeemed")]);
}

/** The part of the store contract that the authorization server needs. */
export function oauthContract(storeOf: () => Store, heardOf: () => AuditEventName[]): void {
  let store: Store;
  let heard: AuditEventName[];
  beforeEach(() => {
    store = storeOf();
    heard = heardOf();
  });

  const add = (codeHash: string, about?: Partial<NewAuthorization>) =>
    store.authorizations.add(authorization(codeHash, about), event("authorization.granted"));
  const block = (id: string, newSessionId = "the next sid") =>
    store.clients.block(id, `${id} by name`, event("client.blocked"), newSessionId);
  const revoked = async () => (await store.revocations.after(0)).map(({ sessionId }) => sessionId).toSorted();

  /** Every change that must outdate a code and refuse its session. */
  const endings: readonly (readonly [name: string, end: () => Promise<boolean>])[] = [
    [
      "a new password",
      () => store.users.setPassword("user:alice", "$argon2id$new", event("user.password_changed")),
    ],
    ["disabling the user", () => store.users.setActive("user:alice", false, event("user.disabled"))],
    ["removing the user", () => store.users.remove("user:alice", event("user.removed"))],
    ["ending all sessions", () => store.sessions.endAll("user:alice", event("sessions.ended"))],
    ["blocking the client", () => block("editor")],
    ["removing the client", () => store.clients.remove("editor", event("client.removed"))],
  ];

  describe("authorizations", () => {
    test("are read as they were added, with the session they were traded for", async () => {
      expect(await add("h1")).toBe(true);
      expect(await store.authorizations.byCode("h1")).toEqual({
        ...authorization("h1"),
        sessionId: null,
        redeemedAt: null,
      });
      expect(await store.authorizations.byCode("h2")).toBeUndefined();
      expect(await redeemed(store, "h1", "s1")).toBe(true);
      expect(await store.authorizations.byCode("h1")).toMatchObject({ sessionId: "s1", redeemedAt: now + 1 });
      expect(await store.sessions.byId("s1")).toEqual(clientSession("s1"));
      expect(heard).toEqual(["authorization.granted", "authorization.redeemed"]);
    });

    test("are added for an active user with the checked password alone", async () => {
      expect(await add("h1", { revision: 1 })).toBe(false);
      expect(await add("h1", { userId: "user:nobody" })).toBe(false);
      await store.users.setActive("user:alice", false, event("user.disabled"));
      expect(await add("h1", { revision: 1 })).toBe(false);
      expect(await store.authorizations.byCode("h1")).toBeUndefined();
    });

    test("are not added for a blocked client", async () => {
      await block("editor");
      heard.length = 0;
      expect(await add("h1")).toBe(false);
      expect(heard).toEqual([]);
      expect(await store.authorizations.closed("editor")).toBe("blocked");
      await store.clients.unblock("editor", event("client.unblocked"));
      expect(await store.authorizations.closed("editor")).toBeUndefined();
      expect(await add("h1")).toBe(true);
    });

    test("are traded by one of twenty concurrent attempts", async () => {
      await add("h1");
      heard.length = 0;
      const tries = Array.from({ length: 20 }, (_, at) => redeemed(store, "h1", `s${at}`));
      expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
      expect(await store.sessions.live(now)).toHaveLength(1);
      expect(heard).toEqual(["authorization.redeemed"]);
    });

    test("are traded until they expire, and never again", async () => {
      await add("h1");
      expect(await redeemed(store, "h1", "s1", now + 60_000)).toBe(false);
      expect(await redeemed(store, "h1", "s1", now + 59_999)).toBe(true);
      expect(await redeemed(store, "h1", "s2", now + 59_999)).toBe(false);
      await store.sessions.end("s1", [event("session.ended")]);
      expect(await redeemed(store, "h1", "s3", now + 59_999)).toBe(false);
      expect(await store.sessions.live(now)).toEqual([]);
    });

    test("end older sessions in the same change", async () => {
      await store.sessions.open(session("old"), 0, event("login.succeeded"));
      await add("h1");
      const given = { ...authorization("h1"), sessionId: null, redeemedAt: null };
      const trade = (id: string) =>
        store.authorizations.redeem(
          given,
          clientSession(id),
          now,
          [event("authorization.redeemed")],
          [{ ...event("session.ended"), sessionId: "old" }],
        );
      expect(await trade("s1")).toBe(true);
      expect(await revoked()).toEqual(["old"]);
      // A refused trade ends none.
      await store.sessions.open(session("old2"), 0, event("login.succeeded"));
      expect(await trade("s2")).toBe(false);
      expect(await revoked()).toEqual(["old"]);
    });

    test("are kept for a day after their expiry, so that a replay is recognised", async () => {
      await add("h1");
      await store.purge(now + 60_000 + day, 90 * day);
      expect(await store.authorizations.byCode("h1")).toBeDefined();
      await store.purge(now + 60_000 + day + 1, 90 * day);
      expect(await store.authorizations.byCode("h1")).toBeUndefined();
    });

    test("go with their removed user", async () => {
      await store.users.add(user("bob"), event("user.added"));
      await add("of-bob", { userId: "user:bob" });
      await store.users.remove("user:bob", event("user.removed"));
      expect(await store.authorizations.byCode("of-bob")).toBeUndefined();
    });
  });

  describe("each way of ending", () => {
    const ways = [0, 1, 2, 3, 4, 5].map((at) => [endings[at]?.[0] ?? "", at] as const);

    beforeEach(async () => {
      await store.clients.add(registered("editor"), event("client.added"));
      await add("h1");
      await add("h2");
      await redeemed(store, "h1", "s1");
    });

    test.each(ways)("%s ends the client's session and outdates its code", async (_name, at) => {
      expect(await endings[at]?.[1]()).toBe(true);
      expect(await redeemed(store, "h2", "s2")).toBe(false);
      expect(await store.sessions.live(now)).toEqual([]);
      expect(await revoked()).toContain("s1");
      const next = { generation: 1, refreshHash: "s1-1" };
      const use = { lastUsedAt: now + 2, expiresAt: now + day, tokensUntil: now + 3_600_000 };
      expect(
        await store.sessions.rotate("s1", clientSession("s1"), next, use, event("token.refreshed")),
      ).toBe(false);
    });

    test.each(ways)("%s outdates a code also when it is undone", async (_name, at) => {
      await endings[at]?.[1]();
      await store.users.setActive("user:alice", true, event("user.enabled"));
      await store.users.add(user("alice"), event("user.added"));
      await store.clients.unblock("editor", event("client.unblocked"));
      await store.clients.add(registered("editor"), event("client.added"));
      expect(await redeemed(store, "h2", "s2")).toBe(false);
    });

    test("ending all sessions outdates a code when it is the only thing to end", async () => {
      await store.sessions.end("s1", [event("session.ended")]);
      expect(await store.sessions.endAll("user:alice", event("sessions.ended"))).toBe(true);
      expect(await redeemed(store, "h2", "s2")).toBe(false);
      expect(await store.sessions.endAll("user:alice", event("sessions.ended"))).toBe(false);
    });
  });

  describe("clients", () => {
    test("are read as they were added, and added once", async () => {
      const one = registered("robot");
      expect(await store.clients.add(one, event("client.added"))).toBe(true);
      expect(await store.clients.byId("robot")).toEqual(one);
      expect(await store.clients.byId("other")).toBeUndefined();
      expect(await store.clients.add({ ...one, name: "another" }, event("client.added"))).toBe(false);
      expect(await store.clients.byId("robot")).toMatchObject({ name: "The robot" });
      expect(heard).toEqual(["client.added"]);
    });

    test("keep every kind of credential", async () => {
      const kinds: readonly RegisteredClient["credentials"][] = [
        [{ kind: "none" }],
        [{ kind: "key_address", url: "https://robot.example/keys" }],
        [{ kind: "keys", keys: [{ kty: "EC", x: "1" }, { kty: "RSA" }] }],
      ];
      for (const [at, credentials] of kinds.entries()) {
        await store.clients.add(
          registered(`r${at}`, { credentials, sessionId: null }),
          event("client.added"),
        );
        expect((await store.clients.byId(`r${at}`))?.credentials).toEqual(credentials);
      }
    });

    test("get new credentials once, and the earlier ones are gone", async () => {
      const robot = registered("robot");
      await store.clients.add(robot, event("client.added"));
      heard.length = 0;
      const replace = (hash: string) =>
        store.clients.replaceCredentials(
          "robot",
          robot.credentials,
          [{ kind: "secret", hash }],
          event("client.secret_replaced"),
        );
      expect(await Promise.all([replace("one"), replace("two")])).toContain(false);
      const [credential] = (await store.clients.byId("robot"))?.credentials ?? [];
      expect(["one", "two"]).toContain(credential?.kind === "secret" ? credential.hash : undefined);
      expect(await replace("three")).toBe(false);
      expect(heard).toEqual(["client.secret_replaced"]);
    });

    test("are blocked and unblocked once, and their own tokens end", async () => {
      await store.clients.add(registered("robot"), event("client.added"));
      expect(await store.clients.isBlocked("robot")).toBe(false);
      heard.length = 0;
      expect(await block("robot")).toBe(true);
      expect(await block("robot", "a third sid")).toBe(false);
      expect(await store.clients.isBlocked("robot")).toBe(true);
      expect(await store.clients.byId("robot")).toMatchObject({ blockedAt: now, sessionId: "the next sid" });
      expect(await store.revocations.after(0)).toMatchObject([
        // Until the last token that any setting allows has expired.
        { sessionId: "sid of robot", until: now + 3650 * day },
      ]);
      expect(await store.clients.unblock("robot", event("client.unblocked"))).toBe(true);
      expect(await store.clients.unblock("robot", event("client.unblocked"))).toBe(false);
      expect(await store.clients.byId("robot")).toMatchObject({ blockedAt: null, sessionId: "the next sid" });
      expect(heard).toEqual(["client.blocked", "client.unblocked"]);
    });

    test("that somebody else describes are blocked by their id alone", async () => {
      const id = "https://editor.example/client.json";
      expect(await block(id)).toBe(true);
      expect(await store.clients.isBlocked(id)).toBe(true);
      expect(await store.clients.byId(id)).toBeUndefined();
      expect(await store.clients.remove(id, event("client.removed"))).toBe(false);
      expect(await store.clients.unblock(id, event("client.unblocked"))).toBe(true);
      expect(await store.clients.isBlocked(id)).toBe(false);
      expect(await store.clients.list({ limit: 10 }, now)).toEqual([]);
    });

    test("are removed once, and their own tokens end", async () => {
      await store.clients.add(registered("robot"), event("client.added"));
      expect(await store.clients.remove("robot", event("client.removed"))).toBe(true);
      expect(await store.clients.remove("robot", event("client.removed"))).toBe(false);
      expect(await store.clients.byId("robot")).toBeUndefined();
      expect(await revoked()).toEqual(["sid of robot"]);
    });

    test("are listed by id: added, blocked, or with live sessions", async () => {
      await store.clients.add(registered("b"), event("client.added"));
      await block("d");
      for (const [id, of] of [
        ["s1", "a"],
        ["s2", "b"],
        ["s3", "b"],
        ["s4", "c"],
        ["s5", "e"],
      ] as const)
        await store.sessions.open(clientSession(id, allowed(of)), 0, event("login.succeeded"));
      await store.sessions.open(session("own"), 0, event("login.succeeded"));
      await store.sessions.end("s5", [event("session.ended")]);
      const all = [
        { id: "a", name: "a of somebody", added: false, blockedAt: null, sessions: 1 },
        { id: "b", name: "The b", added: true, blockedAt: null, sessions: 2 },
        { id: "c", name: "c of somebody", added: false, blockedAt: null, sessions: 1 },
        { id: "d", name: "d by name", added: false, blockedAt: now, sessions: 0 },
      ];
      expect(await store.clients.list({ limit: 10 }, now)).toEqual(all);
      expect(await store.clients.list({ limit: 2 }, now)).toEqual(all.slice(0, 2));
      expect(await store.clients.list({ after: "b", limit: 2 }, now)).toEqual(all.slice(2));
      for (const client of all) expect(await store.clients.listed(client.id, now)).toEqual(client);
      expect(await store.clients.listed("e", now)).toBeUndefined();
      const later = await store.clients.list({ limit: 10 }, now + 8 * 86_400_000);
      expect(later.map(({ id, sessions }) => [id, sessions])).toEqual([
        ["b", 0],
        ["d", 0],
      ]);
      await store.sessions.endAll("user:alice", event("sessions.ended"));
      expect((await store.clients.list({ limit: 10 }, now)).map(({ id }) => id)).toEqual(["b", "d"]);
    });
  });

  describe("the sessions of a client", () => {
    test("end with it, and those of others live on", async () => {
      await store.users.add(user("bob"), event("user.added"));
      const ofBob = { ...clientSession("s2"), userId: "user:bob" };
      for (const one of [clientSession("s1"), ofBob, clientSession("s3", allowed("other")), session("s4")])
        await store.sessions.open(one, 0, event("login.succeeded"));
      heard.length = 0;
      expect(await block("editor")).toBe(true);
      expect((await store.sessions.live(now)).map(({ id }) => id).toSorted()).toEqual(["s3", "s4"]);
      expect(await revoked()).toEqual(["s1", "s2"]);
      expect(await store.revocations.isIncomplete()).toBe(false);
      expect(heard).toEqual(["client.blocked"]);
      // A second ending finds nothing to do.
      await store.clients.unblock("editor", event("client.unblocked"));
      await store.sessions.open(clientSession("s5"), 0, event("login.succeeded"));
      expect(await store.sessions.live(now)).toHaveLength(3);
    });

    test("are listed in pages, of every user and of one", async () => {
      await store.users.add(user("bob"), event("user.added"));
      const ofBob = { ...clientSession("s2"), userId: "user:bob", createdAt: now - 1 };
      for (const one of [clientSession("s1"), ofBob, clientSession("s3", allowed("other")), session("s4")])
        await store.sessions.open(one, 0, event("login.succeeded"));
      const idsOf = async (
        userId: string | undefined,
        after?: { userId: string; createdAt: number; id: string },
      ) =>
        (await store.sessions.live(now, userId, { clientId: "editor", limit: 5, after })).map(({ id }) => id);
      expect(await idsOf(undefined)).toEqual(["s2", "s1"]);
      expect(await idsOf(undefined, ofBob)).toEqual(["s1"]);
      expect(await idsOf("user:alice")).toEqual(["s1"]);
      expect(await idsOf("user:bob", ofBob)).toEqual([]);
    });

    test("end at once when there are many, and join the revocations in batches", async () => {
      await store.clients.add(registered("editor"), event("client.added"));
      await store.clients.add(registered("robot"), event("client.added"));
      const ids = Array.from({ length: 1100 }, (_, number) => `many${number}`);
      for (let from = 0; from < ids.length; from += 100) {
        const some = ids.slice(from, from + 100);
        await Promise.all(
          some.map((id) => store.sessions.open(clientSession(id), 0, event("login.succeeded"))),
        );
      }
      await store.sessions.open(session("own"), 0, event("login.succeeded"));
      await add("h1");
      expect(await store.clients.remove("editor", event("client.removed"))).toBe(true);
      // The thousand newest, and the client's own tokens.
      expect(await store.revocations.after(0)).toHaveLength(1001);
      expect(await store.revocations.isIncomplete()).toBe(true);
      expect((await store.sessions.live(now)).map(({ id }) => id)).toEqual(["own"]);
      expect(await store.sessions.countLive("user:alice", now)).toBe(1);
      expect(await store.revocations.hasEnded("own")).toBe(false);
      expect(await store.revocations.hasEnded("sid of editor")).toBe(true);
      expect(await store.revocations.hasEnded("sid of robot")).toBe(false);
      const use = { lastUsedAt: now + 9, expiresAt: now + day, tokensUntil: now + day };
      for (const id of ids) {
        expect(await store.revocations.hasEnded(id)).toBe(true);
        expect((await store.sessions.byId(id))?.endedAt).toEqual(expect.any(Number));
      }
      expect(await store.sessions.touch("many0", use, event("token.refreshed"))).toBe(false);
      // No code of the client is redeemed while its sessions are being ended, not even for a client of the same id.
      await store.clients.add(registered("editor"), event("client.added"));
      expect(await add("h2")).toBe(false);
      expect(await store.authorizations.closed("editor")).toBe("ending");
      await Promise.all([store.finishEndings(now), store.finishEndings(now)]);
      expect(await store.revocations.isIncomplete()).toBe(false);
      expect(await store.revocations.after(0)).toHaveLength(ids.length + 1);
      expect(await add("h2")).toBe(true);
      expect(await redeemed(store, "h2", "fresh")).toBe(true);
      expect(await store.revocations.hasEnded("fresh")).toBe(false);
    });
  });

  describe("resources", () => {
    const resource = { url: "https://notes.example/mcp", name: null, scopes: ["notes:read"], createdAt: now };

    test("are listed by URL, replaced, and removed once", async () => {
      await store.resources.put({ ...resource, url: "https://z.example/" }, event("resource.added"));
      await store.resources.put(resource, event("resource.added"));
      const changed = { ...resource, name: "Notes", scopes: [], createdAt: now + 9 };
      await store.resources.put(changed, event("resource.added"));
      expect(await store.resources.list()).toEqual([
        { ...changed, createdAt: now },
        { ...resource, url: "https://z.example/" },
      ]);
      expect(await store.resources.remove(resource.url, event("resource.removed"))).toBe(true);
      expect(await store.resources.remove(resource.url, event("resource.removed"))).toBe(false);
      expect(await store.resources.list()).toHaveLength(1);
    });
  });
}

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type AuditEvent, type AuditEventName, operator } from "../../src/core/audit-events.ts";
import { LatchkeyError } from "../../src/core/errors.ts";
import { nameKeys } from "../../src/core/passwords/account-names.ts";
import type { AuditQuery } from "../../src/core/stories/recent-events.ts";
import type { Session } from "../../src/core/stories/sessions.ts";
import type { StoredKey } from "../../src/core/tokens/key-store.ts";
import { SigningKeys } from "../../src/core/tokens/signing-keys.ts";
import type { Store } from "../../src/store/store.ts";
import type { AuditListener, DurableEvent } from "../../src/store/tables/audit.ts";
import { clientDocumentsContract } from "./client-documents-contract.ts";
import { erasuresContract } from "./erasures-contract.ts";
import { idempotencyKeysContract } from "./idempotency-keys-contract.ts";
import { knownAddressesContract } from "./known-addresses-contract.ts";
import { linksContract } from "./links-contract.ts";
import { oauthContract } from "./oauth-contract.ts";
import { outboxContract } from "./outbox-contract.ts";
import { passwordFailuresContract } from "./password-failures-contract.ts";
import { realmPeopleContract } from "./realm-people-contract.ts";
import { realmSessionsContract } from "./realm-sessions-contract.ts";
import { seenStateContract } from "./seen-state-contract.ts";
import { event, keysOf, now, session, user } from "./store-rows.ts";
import { userChangesContract } from "./user-changes-contract.ts";
import { userImportContract } from "./user-import-contract.ts";
import { userSearchContract } from "./user-search-contract.ts";
import { userTracesContract } from "./user-traces-contract.ts";

const day = 86_400_000;

const link = (id: string, generation: number) => ({ generation, refreshHash: `${id}-${generation}` });
const use = (at: number) => ({ lastUsedAt: at, expiresAt: at + 7 * day, tokensUntil: at + 3_600_000 });

const key = (kid: string, activatedAt: number | null): StoredKey => ({
  kid,
  publicJwk: "{}",
  sealedPrivateKey: "sealed",
  createdAt: now,
  activatedAt,
  retiredAt: null,
  keepUntil: null,
});

/**
 * The contract of every store, whatever the engine.
 *
 * @param open opens an empty store that passes its audit events to `heard`
 */
export function storeContract(name: string, open: (heard: AuditListener) => Promise<Store>): void {
  describe(`the store contract: ${name}`, () => {
    let store: Store;
    let reported: DurableEvent[];
    let heard: AuditEventName[];
    beforeEach(async () => {
      reported = [];
      heard = [];
      store = await open((event) => {
        reported.push(event);
        heard.push(event.name);
      });
      await store.users.add(user("alice"), event("user.added"));
      heard.length = 0;
    });
    afterEach(() => store.close());

    realmSessionsContract(
      () => store,
      () => heard,
    );

    realmPeopleContract(
      () => store,
      () => heard,
      session,
    );
    oauthContract(
      () => store,
      () => heard,
    );
    seenStateContract(
      () => store,
      () => heard,
    );
    linksContract(
      () => store,
      () => heard,
    );
    idempotencyKeysContract(() => store);
    knownAddressesContract(
      () => store,
      () => heard,
    );
    passwordFailuresContract(() => store);
    userImportContract(
      () => store,
      () => heard,
    );
    userChangesContract(
      () => store,
      () => heard,
    );
    userSearchContract(() => store);
    userTracesContract(() => store);
    erasuresContract(() => store);
    outboxContract(
      () => store,
      () => heard,
    );
    clientDocumentsContract(
      () => store,
      async (id) => {
        const client = { id, name: "Notes", scope: "", resource: "https://api.example" };
        await store.sessions.open({ ...session("of-client"), client }, 0, event("login.succeeded"));
      },
    );

    describe("users", () => {
      test("are found by user name, e-mail address and id", async () => {
        for (const found of [
          await store.users.byName(keysOf("alice")),
          await store.users.byName(keysOf("alice@example.com")),
          await store.users.byId("user:alice"),
        ]) {
          expect(found).toMatchObject({
            id: "user:alice",
            roles: ["user"],
            active: true,
            displayName: null,
            revision: 0,
          });
        }
        expect(await store.users.byName(keysOf("ALICE"))).toBeUndefined();
      });

      test("are added once; a refusal names the taken name and writes no event", async () => {
        const again = user("alice");
        expect(
          await store.users.add({ ...again, id: "user:2", emailKey: "other" }, event("user.added")),
        ).toBe("username_taken");
        expect(
          await store.users.add({ ...again, id: "user:2", usernameKey: "other" }, event("user.added")),
        ).toBe("email_taken");
        expect(heard).toEqual([]);
        expect(await store.users.list()).toHaveLength(1);
      });

      test("are listed in pages by the key of their names, despite changes", async () => {
        for (const name of ["b", "B2", "é", "zoë", "a"])
          await store.users.add({ ...user(name), usernameKey: name }, event("user.added"));
        const all = (await store.users.list()).map(({ username }) => username);
        expect(all).toEqual(["B2", "a", "alice", "b", "zoë", "é"]);
        const found: string[] = [];
        for (let after: string | undefined; ; after = found.at(-1)) {
          const page = await store.users.list({ after, limit: 2 });
          if (page.length === 0) break;
          found.push(...page.map(({ username }) => username));
          // The next page starts behind a user that is gone.
          await store.users.remove(`user:${found.at(-1)}`, event("user.removed"));
        }
        expect(found).toEqual(all);
      });

      test("the first user is added by exactly one of several concurrent attempts", async () => {
        expect(await store.users.addFirst(user("bob"), event("user.added"))).toBe(false);
        expect(await store.users.isEmpty()).toBe(false);
        await store.users.remove("user:alice", event("user.removed"));
        expect(await store.users.isEmpty()).toBe(true);
        const tries = ["b", "c", "d"].map((name) => store.users.addFirst(user(name), event("user.added")));
        expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
        expect(await store.users.list()).toHaveLength(1);
      });

      test.each<[string, (store: Store) => Promise<boolean>]>([
        [
          "a new password",
          ({ users }) => users.setPassword("user:alice", "$argon2id$second", event("user.password_changed")),
        ],
        ["disabling", ({ users }) => users.setActive("user:alice", false, event("user.disabled"))],
        ["removal", ({ users }) => users.remove("user:alice", event("user.removed"))],
      ])("%s ends the user's sessions and no other", async (_name, change) => {
        await store.users.add(user("bob"), event("user.added"));
        for (const one of [session("s1"), session("s2"), session("s3", "user:bob")]) {
          expect(await store.sessions.open(one, 0, event("login.succeeded"))).toBe(true);
        }
        expect(await change(store)).toBe(true);
        expect((await store.sessions.live(now)).map(({ id }) => id)).toEqual(["s3"]);
        expect((await store.revocations.after(0)).map(({ sessionId }) => sessionId).sort()).toEqual([
          "s1",
          "s2",
        ]);
        expect(
          await store.sessions.rotate("s1", link("s1", 0), link("s1", 1), use(now), event("token.refreshed")),
        ).toBe(false);
        expect(await store.sessions.open(session("s4"), 0, event("login.succeeded"))).toBe(false);
      });

      describe("of which one is the last active administrator", () => {
        const changes = {
          disabling: (id: string, last?: "refuse") =>
            store.users.setActive(id, false, event("user.disabled"), { last }),
          removal: (id: string, last?: "refuse") => store.users.remove(id, event("user.removed"), { last }),
        };
        const admin = (name: string) =>
          store.users.add({ ...user(name), roles: ["user", "admin"] }, event("user.added"));
        const others = ["user", "Admin", "admin:notes", "sub.admin"];

        test.each(Object.entries(changes))(
          "%s of it is refused, and changes nothing",
          async (_name, change) => {
            await admin("root");
            await store.users.add({ ...user("other"), roles: others }, event("user.added"));
            await admin("away");
            await store.users.setActive("user:away", false, event("user.disabled"));
            await store.sessions.open(session("s1", "user:root"), 0, event("login.succeeded"));
            heard.length = 0;
            expect(await change("user:root", "refuse")).toBe(false);
            expect(await store.users.byId("user:root")).toMatchObject({ active: true, revision: 0 });
            expect(await store.sessions.live(now)).toHaveLength(1);
            expect(heard).toEqual([]);
            expect(await change("user:root")).toBe(true);
          },
        );

        test.each(Object.entries(changes))("%s of another user is made", async (_name, change) => {
          await admin("root");
          await admin("away");
          await store.users.add({ ...user("other"), roles: others }, event("user.added"));
          await store.users.setActive("user:away", false, event("user.disabled"));
          expect(await change("user:away", "refuse")).toBe(true);
          expect(await change("user:other", "refuse")).toBe(true);
          expect(await change("user:nobody", "refuse")).toBe(false);
          await admin("second");
          expect(await change("user:root", "refuse")).toBe(true);
        });

        test("concurrent changes of all administrators leave one", async () => {
          const names = ["a1", "a2", "a3", "a4", "a5", "a6"];
          for (const name of names) await admin(name);
          const made = await Promise.all(
            names.map((name, at) =>
              at % 2 === 0
                ? changes.disabling(`user:${name}`, "refuse")
                : changes.removal(`user:${name}`, "refuse"),
            ),
          );
          expect(made.filter(Boolean)).toHaveLength(names.length - 1);
          const left = (await store.users.list()).filter(
            ({ active, roles }) => active && roles.includes("admin"),
          );
          expect(left).toHaveLength(1);
        });
      });

      test("enabling a user revives neither old sessions nor logins in flight", async () => {
        await store.sessions.open(session("s1"), 0, event("login.succeeded"));
        await store.users.setActive("user:alice", false, event("user.disabled"));
        await store.users.setActive("user:alice", true, event("user.enabled"));
        expect(await store.sessions.live(now)).toEqual([]);
        expect(await store.sessions.open(session("s2"), 0, event("login.succeeded"))).toBe(false);
        expect(await store.sessions.open(session("s2"), 2, event("login.succeeded"))).toBe(true);
      });

      test("a hash is upgraded, but never replaces a new password", async () => {
        const alice = await store.users.byId("user:alice");
        if (alice === undefined) throw new Error("no alice");
        expect(await store.users.upgradeHash(alice, "$argon2id$stronger")).toBe(true);
        await store.users.setPassword("user:alice", "$argon2id$new", event("user.password_changed"));
        expect(await store.users.upgradeHash(alice, "$argon2id$late")).toBe(false);
        expect((await store.users.byId("user:alice"))?.passwordHash).toBe("$argon2id$new");
      });

      test("sign-in reads an account and a decoy; a seed keeps its decoy", async () => {
        await store.users.add({ ...user("zoe"), passwordHash: "$argon2id$other" }, event("user.added"));
        const seeds = Array.from({ length: 200 }, (_, number) => `unknown:${number}`);
        const decoys = async (key: string) =>
          Promise.all(seeds.map(async (seed) => (await store.users.forSignIn(keysOf(key), seed)).decoy));
        const hashes = await decoys("nobody");
        expect(new Set(hashes)).toEqual(new Set(["$argon2id$first", "$argon2id$other"]));
        expect(await decoys("alice")).toEqual(hashes);
        expect((await store.users.forSignIn(keysOf("nobody"), "seed")).holder).toBeUndefined();
        for (const key of ["alice", "alice@example.com"]) {
          const { holder } = await store.users.forSignIn(keysOf(key), "seed");
          expect(holder).toEqual(await store.users.byId("user:alice"));
        }
      });

      test("an e-mail address is found under older keys, the typed one first", async () => {
        const stored = (name: string, emailKey: string) =>
          store.users.add({ ...user(name), emailKey }, event("user.added"));
        await stored("ascii", "u@xn--exmple-cua.org");
        const found = async (typed: string) => {
          const keys = nameKeys(typed);
          const { holder } = await store.users.forSignIn(keys, "seed");
          expect(await store.users.byName(keys)).toEqual(holder);
          return holder?.username;
        };
        for (const typed of ["u@exämple.org", "u@xn--exmple-cua.org", "U@EXÄMPLE.org"]) {
          expect(await found(typed)).toBe("ascii");
        }
        await stored("unicode", "u@exämple.org");
        expect(await found("u@exämple.org")).toBe("unicode");
        expect(await found("u@XN--exmple-cua.org")).toBe("ascii");
      });

      test("sign-in finds neither account nor decoy in an empty table", async () => {
        await store.users.remove("user:alice", event("user.removed"));
        expect(await store.users.forSignIn(keysOf("alice"), "seed")).toEqual({
          holder: undefined,
          decoy: undefined,
        });
      });

      test("changes to an unknown user are refused without an event", async () => {
        expect(await store.users.setActive("user:nobody", false, event("user.disabled"))).toBe(false);
        expect(await store.users.remove("user:nobody", event("user.removed"))).toBe(false);
        expect(await store.users.setPassword("user:nobody", "x", event("user.password_changed"))).toBe(false);
        expect(heard).toEqual([]);
      });
    });

    describe("sessions", () => {
      beforeEach(async () => {
        await store.sessions.open(session("s1"), 0, event("login.succeeded"));
        heard.length = 0;
      });

      test("are read as they were opened", async () => {
        expect(await store.sessions.byId("s1")).toEqual(session("s1"));
        expect(await store.sessions.byId("s2")).toBeUndefined();
      });

      test("are opened for an active user only", async () => {
        expect(await store.sessions.open(session("s2", "user:nobody"), 0, event("login.succeeded"))).toBe(
          false,
        );
        expect(heard).toEqual([]);
      });

      test("are rotated by one of several concurrent attempts", async () => {
        const tries = Array.from({ length: 20 }, () =>
          store.sessions.rotate("s1", link("s1", 0), link("s1", 1), use(now + 5), event("token.refreshed")),
        );
        expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
        expect(await store.sessions.byId("s1")).toMatchObject({
          ...link("s1", 1),
          ...use(now + 5),
          rotatedAt: now + 5,
        });
        expect(heard).toEqual(["token.refreshed"]);
      });

      test("are not rotated from another token, after their end, or after expiry", async () => {
        const rotate = (from: number, at: number) =>
          store.sessions.rotate(
            "s1",
            link("s1", from),
            link("s1", from + 1),
            use(at),
            event("token.refreshed"),
          );
        expect(await rotate(1, now)).toBe(false);
        const stale = { generation: 0, refreshHash: "another" };
        expect(
          await store.sessions.rotate("s1", stale, link("s1", 1), use(now), event("token.refreshed")),
        ).toBe(false);
        expect(await rotate(0, now + 7 * day)).toBe(false);
        await store.sessions.end("s1", [event("session.ended")]);
        expect(await rotate(0, now)).toBe(false);
      });

      test("count the repeats of a refresh token, from 0 after each rotation", async () => {
        const repeat = (generation: number, id = "s1") =>
          store.sessions.repeat(id, link(id, generation), 3, event("refresh.repeated"));
        const rotate = (from: number) =>
          store.sessions.rotate(
            "s1",
            link("s1", from),
            link("s1", from + 1),
            use(now),
            event("token.refreshed"),
          );
        await rotate(0);
        const race = await Promise.all(Array.from({ length: 20 }, () => repeat(1)));
        expect(race.filter(Boolean)).toHaveLength(3);
        expect(heard).toEqual(["token.refreshed", ...Array(3).fill("refresh.repeated")]);
        expect(await repeat(0)).toBe(false);
        await rotate(1);
        expect(await repeat(1)).toBe(false);
        expect([await repeat(2), await repeat(2), await repeat(2), await repeat(2)]).toEqual([
          true,
          true,
          true,
          false,
        ]);
        await rotate(2);
        await store.sessions.end("s1", [event("session.ended")]);
        expect(await repeat(3)).toBe(false);
      });

      test("never shorten the promised lifetime of tokens", async () => {
        const shorter = { ...use(now + 1), tokensUntil: now + 2 };
        await store.sessions.touch("s1", shorter, event("token.refreshed"));
        expect((await store.sessions.byId("s1"))?.tokensUntil).toBe(now + 3_600_000);
        await store.sessions.rotate("s1", link("s1", 0), link("s1", 1), shorter, event("token.refreshed"));
        expect((await store.sessions.byId("s1"))?.tokensUntil).toBe(now + 3_600_000);
        await store.sessions.end("s1", [event("session.ended")]);
        await store.purge(now + 3_599_999, 90 * day);
        expect(await store.revocations.after(0)).toMatchObject([{ sessionId: "s1", until: now + 3_600_000 }]);
      });

      test("a use keeps the refresh token, and fails after expiry or the end", async () => {
        expect(await store.sessions.touch("s1", use(now + 7 * day), event("token.refreshed"))).toBe(false);
        expect(await store.sessions.touch("s1", use(now + 9), event("token.refreshed"))).toBe(true);
        expect(await store.sessions.byId("s1")).toMatchObject({
          ...link("s1", 0),
          ...use(now + 9),
          rotatedAt: now,
        });
        await store.sessions.end("s1", [event("session.ended")]);
        expect(await store.sessions.touch("s1", use(now + 10), event("token.refreshed"))).toBe(false);
      });

      test("end together except one, and join the revocations in batches", async () => {
        const ids = Array.from({ length: 1100 }, (_, number) => `many${number}`);
        for (let from = 0; from < ids.length; from += 100) {
          const some = ids.slice(from, from + 100);
          await Promise.all(some.map((id) => store.sessions.open(session(id), 0, event("login.succeeded"))));
        }
        expect(await store.sessions.endAll("user:alice", event("sessions.ended"), { keep: "many7" })).toBe(
          true,
        );
        expect((await store.sessions.live(now)).map(({ id }) => id)).toEqual(["many7"]);
        expect(await store.sessions.countLive("user:alice", now)).toBe(1);
        expect(await store.revocations.after(0)).toHaveLength(1000);
        expect(await store.revocations.isIncomplete()).toBe(true);
        const left = ids.filter((id) => id !== "many7");
        expect(await store.revocations.hasEnded("many7")).toBe(false);
        for (const id of left) {
          expect(await store.revocations.hasEnded(id)).toBe(true);
          expect((await store.sessions.byId(id))?.endedAt).toEqual(expect.any(Number));
          expect(await store.sessions.touch(id, use(now + 9), event("token.refreshed"))).toBe(false);
        }
        await store.finishEndings(now);
        expect(await store.revocations.isIncomplete()).toBe(false);
        // s1 was opened before each test of sessions.
        expect(await store.revocations.after(0)).toHaveLength(left.length + 1);
        expect(await store.sessions.touch("many7", use(now + 9), event("token.refreshed"))).toBe(true);
        expect(await store.sessions.endAll("user:alice", event("sessions.ended"), { keep: "many7" })).toBe(
          false,
        );
      });

      test("end once, with all events, and get a growing revocation number", async () => {
        await store.sessions.open(session("s2"), 0, event("login.succeeded"));
        heard.length = 0;
        expect(await store.sessions.end("s1", [event("refresh.replayed"), event("session.ended")])).toBe(
          true,
        );
        expect(await store.sessions.end("s1", [event("session.ended")])).toBe(false);
        expect(heard).toEqual(["refresh.replayed", "session.ended"]);
        await store.sessions.end("s2", [event("session.ended")]);
        const [first, second, ...more] = await store.revocations.after(0);
        expect(more).toEqual([]);
        expect(first).toMatchObject({ sessionId: "s1", until: now + 3_600_000 });
        expect(second?.number).toBeGreaterThan(first?.number ?? 0);
        expect(await store.revocations.after(first?.number ?? 0)).toEqual([second]);
      });

      test("of one user end together and are revoked, except a kept one", async () => {
        await store.users.add(user("bob"), event("user.added"));
        for (const one of [session("s2"), session("s3"), session("s4", "user:bob")]) {
          await store.sessions.open(one, 0, event("login.succeeded"));
        }
        heard.length = 0;
        expect(await store.sessions.endAll("user:alice", event("sessions.ended"), { keep: "s2" })).toBe(true);
        expect((await store.sessions.live(now)).map(({ id }) => id).sort()).toEqual(["s2", "s4"]);
        const revoked = await store.revocations.after(0);
        expect(revoked.map(({ sessionId }) => sessionId).sort()).toEqual(["s1", "s3"]);
        expect(revoked.map(({ until }) => until)).toEqual([now + 3_600_000, now + 3_600_000]);
        expect(heard).toEqual(["sessions.ended"]);
        expect(await store.sessions.endAll("user:alice", event("sessions.ended"))).toBe(true);
        expect(await store.revocations.after(0)).toHaveLength(3);
        expect(await store.sessions.live(now)).toMatchObject([{ id: "s4" }]);
      });

      test("an ending without any session writes no event", async () => {
        expect(await store.sessions.endAll("user:alice", event("sessions.ended"), { keep: "s1" })).toBe(
          false,
        );
        expect(await store.sessions.endAll("user:nobody", event("sessions.ended"))).toBe(false);
        expect(await store.sessions.live(now)).toHaveLength(1);
        expect(heard).toEqual([]);
      });

      test("keep the address of their opening, even after their end", async () => {
        await store.sessions.end("s1", [event("session.ended")]);
        expect(await store.sessions.openedFrom("user:alice", "192.0.2.1")).toBe(true);
        expect(await store.sessions.openedFrom("user:alice", "192.0.2.2")).toBe(false);
        expect(await store.sessions.openedFrom("user:bob", "192.0.2.1")).toBe(false);
      });

      test("are listed while they live, of all users or of one", async () => {
        expect(await store.sessions.live(now)).toHaveLength(1);
        expect(await store.sessions.live(now, "user:alice")).toHaveLength(1);
        expect(await store.sessions.live(now, "user:bob")).toEqual([]);
        expect(await store.sessions.live(now + 7 * day)).toEqual([]);
      });

      test("are listed in pages by user and opening, whatever ends meanwhile", async () => {
        await store.users.add(user("bob"), event("user.added"));
        const opened = ["s5", "s3", "s4", "s2"].map((id, at) => ({
          ...session(id, at % 2 === 0 ? "user:bob" : "user:alice"),
          createdAt: now + Math.floor(at / 2),
        }));
        for (const one of opened) await store.sessions.open(one, 0, event("login.succeeded"));
        // Of one moment, by id: s1 and s3.
        const order = ["s1", "s3", "s2", "s5", "s4"];
        expect((await store.sessions.live(now)).map(({ id }) => id)).toEqual(order);
        const pages = async (userId?: string) => {
          const found: string[] = [];
          for (let after: Session | undefined; ; ) {
            const page = await store.sessions.live(now, userId, { after, limit: 2 });
            after = page.at(-1);
            if (after === undefined) return found;
            found.push(...page.map(({ id }) => id));
          }
        };
        expect(await pages()).toEqual(order);
        expect(await pages("user:alice")).toEqual(["s1", "s3", "s2"]);
        expect(await pages("user:bob")).toEqual(["s5", "s4"]);
        expect(await pages("user:nobody")).toEqual([]);
        const third = await store.sessions.byId("s2");
        await store.sessions.end("s2", [event("session.ended")]);
        const rest = await store.sessions.live(now, undefined, { after: third, limit: 9 });
        expect(rest.map(({ id }) => id)).toEqual(["s5", "s4"]);
      });

      test("are counted, and listed by last use up to a limit", async () => {
        for (const id of ["s2", "s3"]) {
          await store.sessions.open(session(id), 0, event("login.succeeded"));
        }
        const use = { lastUsedAt: now + 1, expiresAt: now + day, tokensUntil: now + 1 };
        await store.sessions.touch("s2", use, event("token.refreshed"));
        await store.sessions.end("s3", [event("session.ended")]);
        const ids = async (most: number, at = now) =>
          (await store.sessions.liveOf("user:alice", at, most)).map(({ id }) => id);
        expect(await ids(10)).toEqual(["s2", "s1"]);
        expect(await ids(1)).toEqual(["s2"]);
        expect(await ids(10, now + 7 * day)).toEqual([]);
        expect(await store.sessions.countLive("user:alice", now)).toBe(2);
        expect(await store.sessions.countLive("user:alice", now, "s1")).toBe(1);
        expect(await store.sessions.countLive("user:bob", now)).toBe(0);
      });
    });

    describe("sessions beyond a user's limit", () => {
      beforeEach(async () => {
        for (let n = 0; n < 15; n++) {
          const opened = { ...session(`s${n}`), createdAt: now + n };
          await store.sessions.open(opened, 0, event("login.succeeded"));
        }
      });

      test.for([
        [14, ["s0"]],
        [12, ["s0", "s1", "s2"]],
        [15, []],
        [2, ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9"]],
      ] as const)("are the oldest, ten at most: with %d kept, %j", async ([kept, ids]) => {
        const surplus = await store.sessions.surplus("user:alice", now, kept);
        expect(surplus.map(({ id }) => id).toSorted()).toEqual(ids);
      });

      test.for([
        [10, []],
        [9, ["s5"]],
      ] as const)("do not count ended ones: with %d kept, %j", async ([kept, ids]) => {
        for (let n = 0; n < 5; n++) await store.sessions.end(`s${n}`, [event("session.ended")]);
        const surplus = await store.sessions.surplus("user:alice", now, kept);
        expect(surplus.map(({ id }) => id)).toEqual(ids);
      });
    });

    describe("signing keys", () => {
      const minutes = (count: number) => count * 60_000;

      test("sign once no cache can hold a key set without them", async () => {
        const sealing = Buffer.alloc(32, 1);
        let time = now;
        // Two replicas.
        const open = () =>
          SigningKeys.open({
            store: store.keys,
            sealing,
            clock: () => time,
            steady: () => time,
            algorithm: "ES256",
          });
        const one = await open();
        const two = await open();
        const rotate = async (keys: SigningKeys, force = false) =>
          (await keys.rotate(minutes(60), event("key.rotated"), force)).outcome;
        // Both first keys were created before any key set was read.
        expect(await rotate(one)).toBe("rotated");
        const { kid } = one.signer;
        expect(await rotate(two)).toBe("overtaken");
        for (const keys of [one, two]) expect(await rotate(keys)).toBe("too early");
        time = now + minutes(6) - 1;
        expect(await two.rotate(minutes(60), event("key.rotated"))).toEqual({
          outcome: "too early",
          from: now + minutes(6),
        });
        // A clock that was set back does not make the rotation earlier.
        time = now - minutes(60);
        expect(await rotate(one)).toBe("too early");
        expect([one.signer.kid, two.signer.kid]).toEqual([kid, kid]);
        time = now + minutes(6);
        expect(await rotate(two)).toBe("rotated");
        expect(await rotate(two, true)).toBe("rotated");
        expect(heard).toEqual(["key.rotated", "key.rotated", "key.rotated"]);
      });

      const seed = () => store.keys.seed(key("k1", now), key("k2", null));
      const rotate = (activeKid: string, nextKid: string, successor: string) =>
        store.keys.rotate(
          { activeKid, nextKid, successor: key(successor, null), at: now + 1, keepUntil: now + 2 },
          event("key.rotated"),
        );

      const reset = (active: string, next: string) =>
        store.keys.reset(key(active, now), key(next, null), event("key.reset"));
      const kids = async () => (await store.keys.all()).map(({ kid }) => kid).sort();

      test("are reset: new keys replace all, every session ends, one event says so", async () => {
        await seed();
        await rotate("k1", "k2", "k3");
        for (const name of ["alice", "bob"]) {
          if (name !== "alice") await store.users.add(user(name), event("user.added"));
          await store.sessions.open(session(`of-${name}`, `user:${name}`), 0, event("login.succeeded"));
        }
        heard.length = 0;
        await reset("n1", "n2");
        expect(await kids()).toEqual(["n1", "n2"]);
        expect(heard).toEqual(["key.reset"]);
        expect(await store.sessions.live(now)).toEqual([]);
        for (const id of ["of-alice", "of-bob"]) {
          expect(await store.revocations.hasEnded(id)).toBe(true);
          expect(await store.sessions.touch(id, use(now + 9), event("token.refreshed"))).toBe(false);
        }
        expect(await store.revocations.isIncomplete()).toBe(true);
        await store.finishEndings(now);
        expect(await store.revocations.isIncomplete()).toBe(false);
        const revoked = (await store.revocations.after(0)).map(({ sessionId }) => sessionId);
        expect(revoked.sort()).toEqual(["of-alice", "of-bob"]);
        expect(await store.sessions.open(session("later"), 0, event("login.succeeded"))).toBe(true);
        expect(await store.sessions.live(now)).toHaveLength(1);
      });

      test("stay a complete set after concurrent resets and rotations", async () => {
        await seed();
        let [active, next] = ["k1", "k2"];
        for (let round = 0; round < 20; round++) {
          const [a, n] = [`a${round}`, `n${round}`];
          await Promise.all([
            rotate(active, next, `x${round}`),
            rotate(active, next, `y${round}`),
            reset(a, n),
          ]);
          expect(await kids()).toEqual([a, n]);
          [active, next] = [a, n];
        }
        await Promise.all([reset("b1", "b2"), reset("c1", "c2")]);
        expect([
          ["b1", "b2"],
          ["c1", "c2"],
        ]).toContainEqual(await kids());
      });

      test("that are reset beside logins end a session or leave it whole", async () => {
        await seed();
        const ids = Array.from({ length: 20 }, (_, at) => `s${at}`);
        await Promise.all([
          ...ids.map((id) => store.sessions.open(session(id), 0, event("login.succeeded"))),
          reset("n1", "n2"),
        ]);
        await store.finishEndings(now);
        const live = (await store.sessions.live(now)).map(({ id }) => id);
        const revoked = (await store.revocations.after(0)).map(({ sessionId }) => sessionId);
        expect([...live, ...revoked].sort()).toEqual(ids.toSorted());
      });

      test("that are reset end the sessions of many users, also with two finishers at once", async () => {
        const names = Array.from({ length: 120 }, (_, at) => `u${at}`);
        for (const name of names) await store.users.add(user(name), event("user.added"));
        const ids = names.flatMap((name) => [`${name}-1`, `${name}-2`]);
        await Promise.all(
          ids.map((id) =>
            store.sessions.open(session(id, `user:${id.split("-")[0]}`), 0, event("login.succeeded")),
          ),
        );
        await reset("n1", "n2");
        await Promise.all([store.finishEndings(now), store.finishEndings(now)]);
        expect(await store.revocations.isIncomplete()).toBe(false);
        const revoked = (await store.revocations.after(0)).map(({ sessionId }) => sessionId);
        expect(revoked.sort()).toEqual(ids.toSorted());
      });

      test("are seeded by one of several concurrent attempts", async () => {
        const seeds = [seed(), store.keys.seed(key("x1", now), key("x2", null)), seed()];
        expect((await Promise.all(seeds)).filter(Boolean)).toHaveLength(1);
        // Either pair as a whole, because a pool of connections has no order.
        const kids = (await store.keys.all()).map(({ kid }) => kid);
        expect([
          ["k1", "k2"],
          ["x1", "x2"],
        ]).toContainEqual(kids);
      });

      test("are rotated by one of several concurrent attempts", async () => {
        await seed();
        const tries = ["a", "b", "c"].map((successor) => rotate("k1", "k2", successor));
        expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
        expect(heard).toEqual(["key.rotated"]);
        const keys = await store.keys.all();
        expect(keys).toHaveLength(3);
        expect(keys.find(({ kid }) => kid === "k1")).toMatchObject({
          retiredAt: now + 1,
          keepUntil: now + 2,
        });
        expect(keys.find(({ kid }) => kid === "k2")).toMatchObject({ activatedAt: now + 1, retiredAt: null });
      });

      test("a retired key is kept as long as any session's tokens live", async () => {
        await seed();
        await store.sessions.open({ ...session("s1"), tokensUntil: now + day }, 0, event("login.succeeded"));
        await rotate("k1", "k2", "k3");
        expect((await store.keys.all()).find(({ kid }) => kid === "k1")?.keepUntil).toBe(now + day);
      });
    });

    describe("housekeeping", () => {
      test("deletes expired rows and nothing else", async () => {
        await store.keys.seed(key("k1", now), key("k2", null));
        await store.sessions.open(session("old"), 0, event("login.succeeded"));
        await store.sessions.end("old", [event("session.ended")]);
        const later = now + 7 * day + 1;
        await store.sessions.open({ ...session("new"), ...use(later) }, 0, {
          ...event("login.succeeded"),
          at: later,
        });
        await store.purge(later, 90 * day);
        expect(await store.sessions.byId("old")).toBeUndefined();
        expect(await store.sessions.byId("new")).toBeDefined();
        expect(await store.revocations.after(0)).toEqual([]);
        expect(await store.keys.all()).toHaveLength(2);
      });

      test("keeps every revocation from the first one in memory on", async () => {
        for (const id of ["s1", "s2", "s3"]) {
          await store.sessions.open(session(id), 0, event("login.succeeded"));
          await store.sessions.end(id, [event("session.ended")]);
        }
        const [, second] = await store.revocations.after(0);
        await store.purge(now + 30 * day, 90 * day, second?.number);
        const left = await store.revocations.after(0);
        expect(left.map(({ sessionId }) => sessionId)).toEqual(["s2", "s3"]);
      });

      test("never reuses a number, so a cursor never misses a revocation", async () => {
        await store.sessions.open(session("s1"), 0, event("login.succeeded"));
        await store.sessions.end("s1", [event("session.ended")]);
        const [first] = await store.revocations.after(0);
        await store.purge(now + 30 * day, 90 * day);
        await store.sessions.open(session("s2"), 0, event("login.succeeded"));
        await store.sessions.end("s2", [event("session.ended")]);
        expect(await store.revocations.after(first?.number ?? 0)).toHaveLength(1);
      });
    });

    describe("audit events", () => {
      /** Numbers of the whole trail, from the newest on. */
      const numbers = async () =>
        (await store.events.recent({ limit: 1000 })).events.map((one) => one.number);
      const record = (name: AuditEventName, about: Partial<AuditEvent> = {}) =>
        store.audit.record({ ...event(name), ...about });

      test("are read as they were recorded, newest first, with a number", async () => {
        const whole = {
          name: "user.disabled",
          at: now + 1,
          subject: "user:bob",
          sessionId: "s1",
          actor: "user:alice",
          address: "192.0.2.1",
          requestId: "r1",
          reason: "operator",
        } as const;
        await store.audit.record(whole);
        await record("key.rotated");
        const { events, next } = await store.events.recent({ limit: 1000 });
        expect(next).toBeUndefined();
        expect(events.map(({ number: _, ...rest }) => rest)).toEqual([
          event("key.rotated"),
          whole,
          event("user.added"),
        ]);
        const [newest, before] = events;
        expect(newest?.number).toBeGreaterThan(before?.number ?? Number.POSITIVE_INFINITY);
      });

      test("are filtered by name, and by the user as subject or actor", async () => {
        await record("user.disabled", { subject: "user:bob", actor: "user:alice" });
        await record("user.enabled", { subject: "user:bob", actor: "user:carol" });
        await record("login.failed", { subject: "user:alice" });
        const names = async (query: Partial<AuditQuery>) =>
          (await store.events.recent({ limit: 1000, ...query })).events.map(({ name }) => name);
        expect(await names({ names: ["user.enabled"] })).toEqual(["user.enabled"]);
        expect(await names({ user: "user:bob" })).toEqual(["user.enabled", "user.disabled"]);
        expect(await names({ user: "user:alice" })).toEqual(["login.failed", "user.disabled"]);
        expect(await names({ user: "user:bob", names: ["user.disabled"] })).toEqual(["user.disabled"]);
        expect(await names({ user: "user:alice", names: ["user.enabled"] })).toEqual([]);
      });

      test("are filtered by several names at once", async () => {
        for (const name of ["login.failed", "login.succeeded", "key.rotated"] as const) await record(name);
        const names = async (...list: AuditEventName[]) =>
          (await store.events.recent({ limit: 1000, names: list })).events.map(({ name }) => name);
        expect(await names("login.failed", "key.rotated")).toEqual(["key.rotated", "login.failed"]);
        expect(await names("key.rotated", "user.added")).toEqual(["key.rotated", "user.added"]);
        expect(await names()).toEqual([]);
      });

      test("are filtered by time: from is included, to is not", async () => {
        // Replicas' clocks differ, so times may run against the order of the numbers.
        for (const at of [now + 30, now + 10, now + 20]) await record("login.failed", { at });
        const times = async (query: Partial<AuditQuery>) =>
          (await store.events.recent({ limit: 1000, names: ["login.failed"], ...query })).events.map(
            ({ at }) => at - now,
          );
        expect(await times({})).toEqual([20, 10, 30]);
        expect(await times({ from: now + 20 })).toEqual([20, 30]);
        expect(await times({ to: now + 20 })).toEqual([10]);
        expect(await times({ from: now + 10, to: now + 30 })).toEqual([20, 10]);
        expect(await times({ from: now + 31 })).toEqual([]);
        expect(await times({ from: now + 20, to: now + 20 })).toEqual([]);
      });

      test("are read page by page, each exactly once", async () => {
        for (let count = 0; count < 7; count++) await record("login.failed");
        const read: number[] = [];
        let before: number | undefined;
        do {
          const page = await store.events.recent({ limit: 3, before });
          expect(page.events.length).toBeLessThanOrEqual(3);
          read.push(...page.events.map((one) => one.number));
          before = page.next;
        } while (before !== undefined);
        expect(read).toEqual(await numbers());
        expect(read).toHaveLength(8);
      });

      test("are also found far back in the trail", async () => {
        await record("user.disabled", { subject: "user:rare" });
        for (let count = 0; count < 6; count++) {
          await Promise.all(Array.from({ length: 1000 }, () => record("login.failed")));
        }
        expect((await store.events.recent({ limit: 5, user: "user:rare" })).events).toMatchObject([
          { name: "user.disabled" },
        ]);
        expect(await store.events.recent({ limit: 5, user: "user:nobody" })).toEqual({ events: [] });
      });

      test("stay within a number of bytes, without the oldest", async () => {
        for (let count = 0; count < 6; count++) {
          await Promise.all(Array.from({ length: 1000 }, () => record("login.failed")));
        }
        const before = await numbers();
        expect(await store.auditBound.keepWithin(1e9)).toBe(0);
        expect(await store.auditBound.keepWithin(40_000)).toBeGreaterThan(5000);
        const after = await numbers();
        expect(after.length).toBeGreaterThan(300);
        expect(after).toEqual(before.slice(0, after.length));
        expect(await store.auditBound.keepWithin(40_000)).toBe(0);
      });

      test("beyond an age are deleted at any clock, with an event", async () => {
        await record("login.failed", { at: now - 5 });
        await record("login.failed", { at: now - 4 });
        await record("login.failed");
        expect(await store.auditBound.prune(4, { ...event("audit.pruned"), at: now + 100 * day })).toBe(1);
        const { events } = await store.events.recent({ limit: 10 });
        expect(events.map(({ name, at }) => [name, at])).toEqual([
          ["audit.pruned", now + 100 * day],
          ["login.failed", now],
          ["login.failed", now - 4],
          ["user.added", now],
        ]);
        expect(heard.at(-1)).toBe("audit.pruned");
      });

      test("an empty trail and one past its end yield no event", async () => {
        await store.purge(now + 100 * day, day);
        expect(await store.events.recent({ limit: 5 })).toEqual({ events: [] });
        expect(await store.events.recent({ limit: 5, before: 1 })).toEqual({ events: [] });
      });
    });

    test("events of commands are reported once, those before the first call never", async () => {
      const fromCommand = { ...event("user.disabled"), address: operator.address };
      await store.audit.record(fromCommand);
      await store.pollCommandEvents();
      await store.audit.record(event("login.failed"));
      await store.audit.record({ ...fromCommand, subject: "user:alice" });
      reported.length = 0;
      await store.pollCommandEvents();
      expect(reported).toEqual([{ ...fromCommand, subject: "user:alice" }]);
      await store.pollCommandEvents();
      expect(reported).toHaveLength(1);
    });

    test("a command's unknown reason is reported as one short line", async () => {
      const fromCommand = { ...event("session.ended"), address: operator.address };
      await store.pollCommandEvents();
      await store.audit.record(Object.assign({ ...fromCommand }, { reason: "from a newer version" }));
      await store.audit.record(
        Object.assign({ ...fromCommand }, { reason: `\u001b[2J\n${"x".repeat(500)}` }),
      );
      reported.length = 0;
      await store.pollCommandEvents();
      expect(reported).toEqual([
        { ...fromCommand, reason: "from a newer version" },
        { ...fromCommand, reason: ` [2J ${"x".repeat(59)}` },
      ]);
    });

    test("the clock's last reading is stored; until then the newest event counts", async () => {
      expect(await store.deletionRecord.read()).toEqual({ seenAt: now, leaps: [] });
      const leaps = [{ ms: 120_000, keptFor: 5 }];
      await store.deletionRecord.write({ seenAt: now + 7.4, leaps: [] });
      await store.deletionRecord.write({ seenAt: now + 8.4, leaps });
      expect(await store.deletionRecord.read()).toEqual({ seenAt: now + 8, leaps });
    });

    test("is ready once it has keys", async () => {
      await expect(store.assertReady()).rejects.toMatchObject({ code: "store_unavailable" });
      await store.keys.seed(key("k1", now), key("k2", null));
      await expect(store.assertReady()).resolves.toBeUndefined();
    });

    test("a thousand concurrent changes succeed or fail each on its own", async () => {
      const openOne = async (number: number): Promise<boolean> => {
        const one = session(`s${number}`, number % 2 ? "user:alice" : "user:nobody");
        try {
          return await store.sessions.open(one, 0, event("login.succeeded"));
        } catch (error) {
          // On a busy machine the wait for a connection can time out. Then nothing was committed.
          if (!(error instanceof LatchkeyError) || error.code !== "store_unavailable") throw error;
          return openOne(number);
        }
      };
      const opened = await Promise.all(Array.from({ length: 1000 }, (_, number) => openOne(number)));
      expect(opened).toEqual(Array.from({ length: 1000 }, (_, number) => number % 2 === 1));
      expect(await store.sessions.live(now)).toHaveLength(500);
    });
  });
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { queryAt } from "@latchkey/testkit/postgres/postgres-server";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { postgresUrl } from "../../src/config/postgres-url.ts";
import { operator } from "../../src/core/audit-events.ts";
import type { NewMail } from "../../src/core/mail/outbox.ts";
import type { Link } from "../../src/core/people/links.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { userChangesOf } from "../core/people-of.ts";
import { newDatabase } from "../postgres/server/suite-postgres.ts";
import { authorization } from "./oauth-contract.ts";
import { event, now, session, user } from "./store-rows.ts";

const folder = mkdtempSync(join(tmpdir(), "latchkey-erased-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A store, with all that its tables hold as one text. */
interface Opened {
  readonly store: Store;
  content(): Promise<string>;
}

let files = 0;
async function onSqlite(): Promise<Opened> {
  const path = join(folder, `${files++}.db`);
  const store = await openStore({ place: { engine: "sqlite", path }, owner: "command", onAudit: () => {} });
  const content = async () => {
    using database = new DatabaseSync(path, { readOnly: true });
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all();
    return JSON.stringify(tables.map(({ name }) => database.prepare(`select * from ${name}`).all()));
  };
  return { store, content };
}

async function onPostgres(): Promise<Opened> {
  const address = await newDatabase();
  const store = await openStore({ place: postgresUrl(address), timeout: 30_000, onAudit: () => {} });
  const content = async () => {
    const tables = await queryAt(
      address,
      "select tablename as name from pg_tables where schemaname = 'public'",
    );
    const rows = await Promise.all(tables.map(({ name }) => queryAt(address, `select * from ${name}`)));
    return JSON.stringify(rows);
  };
  return { store, content };
}

const hour = 3_600_000;
const zenobia = {
  ...user("zenobia"),
  ...{ email: "queen@palmyra.example", emailKey: "queen@palmyra.example", displayName: "Septimia" },
};
const traces = /zenobia|palmyra|septimia|203\.0\.113\./i;

const mail = (change: Partial<NewMail>): NewMail => ({
  ...{ content: { kind: "verify" }, recipient: zenobia.email, userId: zenobia.id },
  ...{ linkId: null, language: "en", createdAt: now },
  ...change,
});
const link = (id: string, change: Partial<Link>): Link => ({
  ...{ id, purpose: "verify", userId: zenobia.id, revision: 0, email: zenobia.email },
  ...{ roles: null, invitedBy: null, invitedWith: null, createdAt: now, expiresAt: now + 24 * hour },
  ...change,
});

/** Writes something of a user into each table that has a place for it. */
async function live({ users, sessions, authorizations, links, outbox, audit, passwordFailures }: Store) {
  await users.add(user("bob"), event("user.added"));
  await users.add(zenobia, { ...event("user.added"), subject: zenobia.id, address: "203.0.113.1" });
  const login = { ...event("login.succeeded"), subject: zenobia.id, address: "203.0.113.2", requestId: "r1" };
  const arrival = { userId: zenobia.id, digest: "digest", lastSeenAt: now };
  const mails = [mail({ content: { kind: "new_address", at: now, address: "203.0.113.3" } })];
  const opened = { ...session("s1", zenobia.id), addressBucket: "203.0.113.4" };
  await sessions.open(opened, 0, login, [], { ...arrival, mails });
  const code = { userId: zenobia.id, addressBucket: "203.0.113.5" };
  await authorizations.add(authorization("code", code), event("authorization.granted"));
  await links.add(link("own", {}), [mail({ linkId: "own" })], [event("reset.requested")]);
  const ofNobody = { userId: null, revision: null, purpose: "sign_up" } as const;
  await links.add(link("invited", ofNobody), [mail({ userId: null, content: { kind: "sign_up" } })], []);
  const invitation = link("sent", { ...ofNobody, email: "guest@example.org", invitedBy: zenobia.id });
  const inHerName = { kind: "invitation", invitedBy: "Septimia" } as const;
  const toGuest = { userId: null, recipient: invitation.email, linkId: invitation.id };
  await links.add({ ...invitation, roles: ["user"] }, [mail({ ...toGuest, content: inHerName })], []);
  const known = { kind: "sign_up_known", username: "zenobia" } as const;
  await outbox.request(mail({ content: known, userId: null, recipient: "Queen@palmyra.example" }), []);
  const wanted = link("wanted", { purpose: "change_email", userId: "user:bob" });
  await links.add(wanted, [mail({ content: { kind: "address_taken" }, userId: "user:bob" })], []);
  await passwordFailures.begin(zenobia.id);
  const byHer = { actor: zenobia.id, address: "203.0.113.6" };
  await audit.record({ ...event("user.changed"), ...byHer, subject: "user:bob", reason: "name" });
}

/** Lets the background jobs come to their end. */
async function settle({ erasures, finishEndings }: Store): Promise<void> {
  await finishEndings(now);
  for (const later of [0, 1, 2, 3]) await erasures.rewrite(now + hour + later);
}

describe.each([
  ["SQLite", onSqlite],
  ["PostgreSQL", onPostgres],
])("on %s no table holds a name or an address", (_engine, open) => {
  let opened: Opened;
  beforeEach(async () => {
    opened = await open();
  });
  afterEach(() => opened.store.close());

  test.each<[string, (store: Store) => Promise<unknown>]>([
    [
      "an erased user",
      async (store) => userChangesOf(store, { clock: () => now }).erase(zenobia.id, { by: operator }),
    ],
    [
      "a user who is erased after the removal",
      async (store) => {
        const changes = userChangesOf(store, { clock: () => now });
        await changes.remove(zenobia.id, { by: operator });
        await settle(store);
        const pseudonym = await changes.erase(zenobia.id, { by: operator });
        expect(await changes.erase(zenobia.id, { by: operator })).toBe(pseudonym);
        await settle(store);
        expect(await changes.erase(zenobia.id, { by: operator })).toBe(pseudonym);
      },
    ],
  ])("of %s", async (_who, erase) => {
    const { store, content } = opened;
    await live(store);
    expect(await content()).toMatch(traces);
    await erase(store);
    await settle(store);
    const left = await content();
    expect(left).not.toMatch(traces);
    expect(left).toContain("user:bob");
  });
});

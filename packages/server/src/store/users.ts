import { createHash } from "node:crypto";
import { type RawBuilder, sql } from "kysely";
import type { AuditEvent } from "../core/audit-events.ts";
import type { LocalUser, NewUser, Users } from "../core/users.ts";
import type { AuditWriter } from "./audit.ts";
import { type Database, must, one, type Step, type Urgency } from "./database.ts";
import type { UserTable } from "./schema.ts";
import type { SessionEndings } from "./session-endings.ts";
import { insertFirst, statement } from "./statement.ts";

/** A user as it is written and read; epoch and removal are the business of the change that ends sessions. */
type UserRow = Omit<UserTable, "epoch" | "removed">;

/** Users in the database. */
export function userTable(
  database: Database,
  audit: AuditWriter,
  endings: Pick<SessionEndings, "begin" | "beginRemoval">,
): Users {
  const { query } = database;
  const byName = statement<NameSlots>()<UserTable>((slot) => {
    const made = sql<UserTable>`select ${sql.join(columns.map((column) => sql.ref(column)))}
      from users where removed = 0 and (${named(slot)}) order by ${nearest(slot)} limit 1`;
    return { compile: () => made.compile(query) };
  });
  const byId = statement<{ id: string }>()((slot) =>
    query.selectFrom("users").select(columns).where("id", "=", slot("id")).where("removed", "=", 0),
  );
  const list = statement<Record<string, never>>()(() =>
    query.selectFrom("users").select(columns).where("removed", "=", 0).orderBy("username_key"),
  );
  const first = statement<Record<string, never>>()(() => query.selectFrom("users").select("id").limit(1));
  // One statement with one row, whether the account exists or not.
  const forSignIn = statement<NameSlots & { id: string }>()<SignInRow>((slot) => {
    const made = sql<SignInRow>`
      select coalesce(
          (select password_hash from users where id >= ${slot("id")} order by id limit 1),
          (select password_hash from users order by id limit 1)
        ) as decoy,
        ${sql.join(columns.map((column) => sql.ref(`users.${column}`)))}
      from (select 1) as always
      left join users on users.removed = 0 and (${named(slot)}) order by ${nearest(slot)} limit 1`;
    return { compile: () => made.compile(query) };
  });
  const add = statement<UserRow>()((slot) =>
    query
      .insertInto("users")
      .values({
        id: slot("id"),
        username: slot("username"),
        username_key: slot("username_key"),
        email: slot("email"),
        email_key: slot("email_key"),
        display_name: slot("display_name"),
        roles: slot("roles"),
        password_hash: slot("password_hash"),
        active: slot("active"),
        revision: slot("revision"),
        created_at: slot("created_at"),
      })
      .onConflict((conflict) => conflict.doNothing()),
  );
  const addFirst = insertFirst<UserRow>(database, "users", columns);
  const setPassword = statement<{ id: string; passwordHash: string }>()((slot) =>
    query
      .updateTable("users")
      .set((set) => ({ password_hash: slot("passwordHash"), revision: set("revision", "+", 1) }))
      .where("id", "=", slot("id"))
      .where("removed", "=", 0),
  );
  const upgradeHash = statement<{ id: string; revision: number; passwordHash: string }>()((slot) =>
    query
      .updateTable("users")
      .set({ password_hash: slot("passwordHash") })
      .where("id", "=", slot("id"))
      .where("revision", "=", slot("revision")),
  );
  const setActive = statement<{ id: string; active: number }>()((slot) =>
    query
      .updateTable("users")
      .set((set) => ({ active: slot("active"), revision: set("revision", "+", 1) }))
      .where("id", "=", slot("id"))
      .where("removed", "=", 0),
  );
  // Opening a session compares the revision, so a login in flight is refused. The names are free at once.
  const shut = statement<{ id: string; key: string }>()((slot) =>
    query
      .updateTable("users")
      .set((set) => ({
        active: 0,
        revision: set("revision", "+", 1),
        removed: 1,
        username_key: slot("key"),
        email_key: slot("key"),
      }))
      .where("id", "=", slot("id"))
      .where("removed", "=", 0),
  );
  // A user whose last sessions are still on their way out comes back under the same id: with an epoch of its own.
  const addAgain = statement<UserRow>()((slot) =>
    query
      .updateTable("users")
      .set((set) => ({
        username: slot("username"),
        username_key: slot("username_key"),
        email: slot("email"),
        email_key: slot("email_key"),
        display_name: slot("display_name"),
        roles: slot("roles"),
        password_hash: slot("password_hash"),
        active: slot("active"),
        revision: set("revision", "+", 1),
        epoch: set("epoch", "+", 1),
        created_at: slot("created_at"),
        removed: 0,
      }))
      .where("id", "=", slot("id"))
      .where("removed", "=", 1)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom("users as other")
              .select("other.id")
              .where((where) =>
                where.or([
                  where("other.username_key", "=", slot("username_key")),
                  where("other.email_key", "=", slot("email_key")),
                ]),
              ),
          ),
        ),
      ),
  );

  async function change(steps: readonly Step[], event: AuditEvent, urgency?: Urgency): Promise<boolean> {
    const made = await database.commit([...steps, ...audit.steps(event)], urgency);
    if (made) audit.announce(event);
    return made;
  }

  const find: Users["byName"] = async (key, [asTyped, ascii] = [key, key]) => {
    const row = await one(database, byName, { key, asTyped, ascii });
    return row && userOf(row);
  };

  return {
    byName: find,
    async byId(id) {
      const row = await one(database, byId, { id });
      return row && userOf(row);
    },
    list: async () => (await database.all(list, {})).map(userOf),
    isEmpty: async () => (await one(database, first, {})) === undefined,
    async forSignIn({ key, older: [asTyped, ascii] }, seed) {
      const row = await one(database, forSignIn, { key, asTyped, ascii, id: idFrom(seed) });
      const holder = row === undefined || row.id === null ? undefined : userOf(row);
      return { holder, decoy: row?.decoy ?? undefined };
    },
    async add(user, event) {
      const row = rowOf(user, event.at);
      if (await change([must(add, row)], event)) return "added";
      if (await change([must(addAgain, row)], event)) return "added";
      return (await find(user.usernameKey)) ? "username_taken" : "email_taken";
    },
    addFirst: (user, event) => change(addFirst(rowOf(user, event.at)), event),
    setPassword: (id, passwordHash, event) =>
      change([must(setPassword, { id, passwordHash }), ...endings.begin(id, event.at)], event, "urgent"),
    upgradeHash: ({ id, revision }, passwordHash) =>
      database.commit([must(upgradeHash, { id, revision, passwordHash })]),
    setActive: (id, active, event) =>
      change(
        [must(setActive, { id, active: active ? 1 : 0 }), ...(active ? [] : endings.begin(id, event.at))],
        event,
        active ? "ordinary" : "urgent",
      ),
    remove: (id, event) =>
      change(
        [must(shut, { id, key: `removed ${id}` }), ...endings.beginRemoval(id, event.at)],
        event,
        "urgent",
      ),
  };
}

const columns = [
  "id",
  "username",
  "username_key",
  "email",
  "email_key",
  "display_name",
  "roles",
  "password_hash",
  "active",
  "revision",
  "created_at",
] as const satisfies readonly (keyof UserTable)[];

interface NameSlots {
  readonly key: string;
  readonly asTyped: string;
  readonly ascii: string;
}

type NameSlot = (name: keyof NameSlots) => RawBuilder<string>;

/** Whether a row is of the user with this name. */
const named = (slot: NameSlot) => sql`users.username_key = ${slot("key")}
  or users.email_key in (${slot("asTyped")}, ${slot("key")}, ${slot("ascii")})`;

/** Two rows can stand for one mailbox since before both spellings were one: the one that was typed goes first. */
const nearest = (slot: NameSlot) =>
  sql`case users.email_key when ${slot("asTyped")} then 0 when ${slot("key")} then 1 else 2 end`;

/** A user beside a decoy hash; all columns are null for an unknown user. */
type SignInRow = { readonly decoy: string | null } & (UserTable | { readonly id: null });

/** A point in the order of ids that depends on the seed alone. */
function idFrom(seed: string): string {
  const digest = createHash("sha256").update(seed).digest("hex");
  const letter = String.fromCharCode(97 + (Number.parseInt(digest.slice(0, 2), 16) % 26));
  return `user:${letter}${digest}`;
}

function rowOf(user: NewUser, at: number): UserRow {
  return {
    id: user.id,
    username: user.username,
    username_key: user.usernameKey,
    email: user.email,
    email_key: user.emailKey,
    display_name: user.displayName,
    roles: JSON.stringify(user.roles),
    password_hash: user.passwordHash,
    active: 1,
    revision: 0,
    created_at: at,
  };
}

function userOf(row: UserRow): LocalUser {
  return {
    id: row.id,
    username: row.username,
    email: row.email,
    displayName: row.display_name,
    active: row.active === 1,
    roles: rolesOf(row.roles),
    passwordHash: row.password_hash,
    revision: row.revision,
    createdAt: row.created_at,
  };
}

function rolesOf(text: string): string[] {
  const roles: unknown = JSON.parse(text);
  return Array.isArray(roles) ? roles.filter((role) => typeof role === "string") : [];
}

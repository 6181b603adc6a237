import { createHash } from "node:crypto";
import type { AuditEvent } from "../core/audit-events.ts";
import type { LocalUser, NewUser, Users } from "../core/ports.ts";
import type { AuditWriter } from "./audit.ts";
import { type Database, must, one, type Step } from "./database.ts";
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
  const byName = statement<{ key: string }>()((slot) =>
    query
      .selectFrom("users")
      .select(columns)
      .where((where) =>
        where.or([where("username_key", "=", slot("key")), where("email_key", "=", slot("key"))]),
      )
      .where("removed", "=", 0),
  );
  const byId = statement<{ id: string }>()((slot) =>
    query.selectFrom("users").select(columns).where("id", "=", slot("id")).where("removed", "=", 0),
  );
  const list = statement<Record<string, never>>()(() =>
    query.selectFrom("users").select(columns).where("removed", "=", 0).orderBy("username_key"),
  );
  const first = statement<Record<string, never>>()(() => query.selectFrom("users").select("id").limit(1));
  const hashFrom = statement<{ id: string }>()((slot) =>
    query.selectFrom("users").select("password_hash").where("id", ">=", slot("id")).orderBy("id").limit(1),
  );
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

  async function change(steps: readonly Step[], event: AuditEvent): Promise<boolean> {
    const made = await database.commit([...steps, ...audit.steps(event)]);
    if (made) audit.announce(event);
    return made;
  }

  return {
    async byName(key) {
      const row = await one(database, byName, { key });
      return row && userOf(row);
    },
    async byId(id) {
      const row = await one(database, byId, { id });
      return row && userOf(row);
    },
    list: async () => (await database.all(list, {})).map(userOf),
    isEmpty: async () => (await one(database, first, {})) === undefined,
    async someHash(seed) {
      const digest = createHash("sha256").update(seed).digest("hex");
      const letter = String.fromCharCode(97 + (Number.parseInt(digest.slice(0, 2), 16) % 26));
      const row =
        (await one(database, hashFrom, { id: `user:${letter}${digest}` })) ??
        (await one(database, hashFrom, { id: "" }));
      return row?.password_hash;
    },
    async add(user, event) {
      const row = rowOf(user, event.at);
      if (await change([must(add, row)], event)) return "added";
      if (await change([must(addAgain, row)], event)) return "added";
      return (await one(database, byName, { key: user.usernameKey })) ? "username_taken" : "email_taken";
    },
    addFirst: (user, event) => change(addFirst(rowOf(user, event.at)), event),
    setPassword: (id, passwordHash, event) =>
      change([must(setPassword, { id, passwordHash }), ...endings.begin(id, event.at)], event),
    upgradeHash: ({ id, revision }, passwordHash) =>
      database.commit([must(upgradeHash, { id, revision, passwordHash })]),
    setActive: (id, active, event) =>
      change(
        [must(setActive, { id, active: active ? 1 : 0 }), ...(active ? [] : endings.begin(id, event.at))],
        event,
      ),
    remove: (id, event) =>
      change([must(shut, { id, key: `removed ${id}` }), ...endings.beginRemoval(id, event.at)], event),
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

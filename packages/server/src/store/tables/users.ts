import { createHash } from "node:crypto";
import {
  administratorRole,
  type LastAdministrator,
  type LocalUser,
  type NewUser,
  type Users,
} from "../../core/people/users.ts";
import { type Database, must, one, step } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";
import type { AuditWriter } from "./audit.ts";
import { textsIn } from "./json-texts.ts";
import type { SessionEndings } from "./session-endings.ts";

interface UserRow extends Omit<LocalUser, "active" | "roles"> {
  /** 0 or 1. */
  readonly active: number;
  /** A JSON array. */
  readonly roles: string;
}

const columns = `users.id, users.username, users.email, users.display_name as "displayName", users.roles,
  users.password_hash as "passwordHash", users.active, users.revision, users.created_at as "createdAt"`;

interface Names {
  readonly key: string;
  readonly asTyped: string;
  readonly ascii: string;
}

// Rows with an issuer are people of a realm, see `realm-people.ts`. No statement here finds them.

/** Earlier versions stored two spellings of one mailbox as two users. Then the spelling that was typed goes first. */
const named = `users.removed = 0 and users.issuer is null and (users.username_key = :key or users.email_key in (:asTyped, :key, :ascii))`;
const nearest = `order by case users.email_key when :asTyped then 0 when :key then 1 else 2 end limit 1`;

const byName = statement<Names, UserRow>(`select ${columns} from users where ${named} ${nearest}`);

/** A user beside a decoy hash. All columns of an unknown user are null. */
type SignInRow = { readonly decoy: string | null } & (UserRow | { readonly id: null });

// One statement with one row, whether the account exists or not.
const forSignIn = statement<Names & { point: string }, SignInRow>(`
  select coalesce(
      (select password_hash from users where id >= :point and issuer is null order by id limit 1),
      (select password_hash from users where issuer is null order by id limit 1)
    ) as decoy, ${columns}
  from (select 1) as always left join users on ${named} ${nearest}`);

const byId = statement<{ id: string }, UserRow>(`
  select ${columns} from users where id = :id and removed = 0 and issuer is null`);

const list = statement<{ after: string; limit: number }, UserRow>(`
  select ${columns} from users where removed = 0 and issuer is null and username_key > :after
  order by username_key limit :limit`);

const anyUser = statement<NoValues, { id: string }>("select id from users where issuer is null limit 1");

interface AddedUser extends Omit<NewUser, "roles"> {
  readonly roles: string;
  readonly at: number;
}

const insertInto = `insert into users (id, username, username_key, email, email_key, display_name, roles,
  password_hash, active, revision, created_at)`;
const values =
  ":id, :username, :usernameKey, :email, :emailKey, :displayName, :roles, :passwordHash, 1, 0, :at";

const add = statement<AddedUser>(`${insertInto} values (${values}) on conflict do nothing`);

const addFirst = statement<AddedUser>(`
  ${insertInto} select ${values} where not exists (select 1 from users where issuer is null)`);

// Two concurrent inserts would both see an empty table.
const lockTable = statement<NoValues>("lock table users in share row exclusive mode");

// A removed user's row waits for its last sessions to be deleted. If the user is added again meanwhile, the row is
// reused with a new epoch.
const addAgain = statement<AddedUser>(`
  update users set username = :username, username_key = :usernameKey, email = :email, email_key = :emailKey,
    display_name = :displayName, roles = :roles, password_hash = :passwordHash, active = 1,
    revision = revision + 1, epoch = epoch + 1, created_at = :at, removed = 0
  where id = :id and removed = 1 and not exists (
    select 1 from users as other where other.username_key = :usernameKey or other.email_key = :emailKey)`);

const setPassword = statement<{ id: string; passwordHash: string }>(`
  update users set password_hash = :passwordHash, revision = revision + 1 where id = :id and removed = 0`);

const upgradeHash = statement<{ id: string; revision: number; passwordHash: string }>(`
  update users set password_hash = :passwordHash where id = :id and revision = :revision`);

/** Whether a row is an active administrator. Roles are a JSON array of words that need no escape. */
const isAdministrator = (row: string) =>
  `${row}.active = 1 and ${row}.removed = 0 and ${row}.issuer is null and ${row}.roles != replace(${row}.roles, '"${administratorRole}"', '')`;

// Two concurrent changes would each see the other's administrator. In one order, so that no deadlock arises. A later
// statement of the transaction sees the changes that this one has waited for.
const lockAdministrators = statement<NoValues>(`
  select id from users where ${isAdministrator("users")} order by id for update`);

/** The condition of a change that must leave an active administrator, if the user is one. */
const leavesAdministrator = `(not (${isAdministrator("users")})
  or exists (select 1 from users as other where other.id != users.id and ${isAdministrator("other")}))`;

const enable = statement<{ id: string }>(`
  update users set active = 1, revision = revision + 1 where id = :id and removed = 0`);

const disableUser = "update users set active = 0, revision = revision + 1 where id = :id and removed = 0";
const disable = {
  "go on": statement<{ id: string }>(disableUser),
  refuse: statement<{ id: string }>(`${disableUser} and ${leavesAdministrator}`),
};

// The names can be taken again at once. A login in flight is refused, because opening a session compares the revision.
const removeUser = `
  update users set active = 0, revision = revision + 1, removed = 1, username_key = :freeKey, email_key = :freeKey
  where id = :id and removed = 0`;
const remove = {
  "go on": statement<{ id: string; freeKey: string }>(removeUser),
  refuse: statement<{ id: string; freeKey: string }>(`${removeUser} and ${leavesAdministrator}`),
};

/** The table `users`. */
export function userTable(database: Database, audit: AuditWriter, endings: SessionEndings): Users {
  const find: Users["byName"] = async ({ key, older: [asTyped, ascii] }) => {
    const row = await one(database, byName, { key, asTyped, ascii });
    return row && localUserOf(row);
  };

  const alone = (last: LastAdministrator) =>
    last === "refuse" && database.writers === "many" ? [step(lockAdministrators, {})] : [];

  return {
    byName: find,
    async byId(id) {
      const row = await one(database, byId, { id });
      return row && localUserOf(row);
    },
    list: async ({ after = "", limit } = { limit: Number.MAX_SAFE_INTEGER }) =>
      (await database.all(list, { after, limit })).map(localUserOf),
    isEmpty: async () => (await one(database, anyUser, {})) === undefined,
    async forSignIn({ key, older: [asTyped, ascii] }, seed) {
      const row = await one(database, forSignIn, { key, asTyped, ascii, point: pointOf(seed) });
      if (row === undefined) return { holder: undefined, decoy: undefined };
      const { decoy, ...holder } = row;
      return { holder: holder.id === null ? undefined : localUserOf(holder), decoy: decoy ?? undefined };
    },
    async add(user, event) {
      const added = addedUser(user, event.at);
      if (await audit.commit([must(add, added)], [event])) return "added";
      if (await audit.commit([must(addAgain, added)], [event])) return "added";
      const key = user.usernameKey;
      return (await find({ key, older: [key, key] })) ? "username_taken" : "email_taken";
    },
    addFirst(user, event) {
      const alone = database.writers === "many" ? [step(lockTable, {})] : [];
      return audit.commit([...alone, must(addFirst, addedUser(user, event.at))], [event]);
    },
    setPassword: (id, passwordHash, event) =>
      audit.commit(
        [must(setPassword, { id, passwordHash }), ...endings.begin(id, event.at)],
        [event],
        "urgent",
      ),
    upgradeHash: ({ id, revision }, passwordHash) =>
      database.commit([must(upgradeHash, { id, revision, passwordHash })]),
    setActive: (id, active, event, last = "go on") =>
      active
        ? audit.commit([must(enable, { id })], [event])
        : audit.commit(
            [...alone(last), must(disable[last], { id }), ...endings.begin(id, event.at)],
            [event],
            "urgent",
          ),
    remove: (id, event, last = "go on") =>
      audit.commit(
        [
          ...alone(last),
          must(remove[last], { id, freeKey: `removed ${id}` }),
          ...endings.beginRemoval(id, event.at),
        ],
        [event],
        "urgent",
      ),
  };
}

/** A point in the order of ids that depends on the seed alone. */
function pointOf(seed: string): string {
  const digest = createHash("sha256").update(seed).digest("hex");
  const letter = String.fromCharCode(97 + (Number.parseInt(digest.slice(0, 2), 16) % 26));
  return `user:${letter}${digest}`;
}

function addedUser(user: NewUser, at: number): AddedUser {
  return { ...user, roles: JSON.stringify(user.roles), at };
}

function localUserOf(row: UserRow): LocalUser {
  return { ...row, active: row.active === 1, roles: textsIn(row.roles) };
}

import { createHash } from "node:crypto";
import type { NewUser, Users } from "../../core/people/users.ts";
import { type Database, must, one, step } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";
import { signedUpSteps } from "./address-traces.ts";
import type { AuditWriter } from "./audit.ts";
import { lockInviter } from "./inviters.ts";
import { linkSteps } from "./links.ts";
import type { SessionEndings } from "./session-endings.ts";
import { digestOf, isSpent } from "./spent-ids.ts";
import { userRowChanges } from "./user-changes.ts";
import {
  isLocal,
  localUserOf,
  type UserRow,
  userColumns,
  type WrittenUser,
  writtenUser,
} from "./user-rows.ts";

interface Names {
  readonly key: string;
  readonly asTyped: string;
  readonly ascii: string;
}

/** Earlier versions stored two spellings of one mailbox as two users. Then the spelling that was typed goes first. */
const named = `${isLocal} and (users.username_key = :key or users.email_key in (:asTyped, :key, :ascii))`;
const nearest = `order by case users.email_key when :asTyped then 0 when :key then 1 else 2 end limit 1`;

const byName = statement<Names, UserRow>(`select ${userColumns} from users where ${named} ${nearest}`);

/** A user beside a decoy hash. All columns of an unknown user are null. */
type SignInRow = { readonly decoy: string | null } & (UserRow | { readonly id: null });

// One statement with one row, whether the account exists or not.
const forSignIn = statement<Names & { point: string }, SignInRow>(`
  select coalesce(
      (select password_hash from users where id >= :point and issuer is null order by id limit 1),
      (select password_hash from users where issuer is null order by id limit 1)
    ) as decoy, ${userColumns}
  from (select 1) as always left join users on ${named} ${nearest}`);

const byId = statement<{ id: string }, UserRow>(`
  select ${userColumns} from users where id = :id and ${isLocal}`);

const list = statement<{ after: string; limit: number }, UserRow>(`
  select ${userColumns} from users where ${isLocal} and username_key > :after
  order by username_key limit :limit`);

const anyUser = statement<NoValues, { id: string }>("select id from users where issuer is null limit 1");

interface AddedUser extends WrittenUser {
  readonly usernameKey: string;
  readonly emailKey: string;
  readonly passwordHash: string;
  readonly at: number;
  /** Of the id. */
  readonly digest: string;
}

const insertInto = `insert into users (id, username, username_key, email, email_key, display_name, display_key, roles,
  password_hash, must_change_password, email_verified_at, active, revision, created_at)`;
const values = `:id, :username, :usernameKey, :email, :emailKey, :displayName, :displayKey, :roles, :passwordHash,
  :mustChangePassword, :emailVerifiedAt, 1, 0, :at`;

const add = statement<AddedUser>(`
  ${insertInto} select ${values} where not ${isSpent} on conflict do nothing`);

const whyNot = statement<{ id: string; usernameKey: string; emailKey: string; digest: string }, Holders>(`
  select
    (select count(*) from users where username_key = :usernameKey) as "ofUsername",
    (select count(*) from users where email_key = :emailKey) as "ofEmail",
    (select count(*) from users where id = :id) as "ofId",
    (select count(*) from spent_ids where digest = :digest) as "spent"`);

/** Users that stand in the way of a new one. */
interface Holders {
  readonly ofUsername: number;
  readonly ofEmail: number;
  readonly ofId: number;
  readonly spent: number;
}

const addFirst = statement<AddedUser>(`
  ${insertInto} select ${values} where not ${isSpent} and not exists (select 1 from users where issuer is null)`);

// Two concurrent inserts would both see an empty table.
const lockTable = statement<NoValues>("lock table users in share row exclusive mode");

const upgradeHash = statement<{ id: string; revision: number; passwordHash: string }>(`
  update users set password_hash = :passwordHash where id = :id and revision = :revision`);

/** The table `users`. */
export function userTable(database: Database, audit: AuditWriter, endings: SessionEndings): Users {
  const find: Users["byName"] = async ({ key, older: [asTyped, ascii] }) => {
    const row = await one(database, byName, { key, asTyped, ascii });
    return row && localUserOf(row);
  };

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
    async add(user, event, alongside = {}) {
      const added = addedUser(user, event.at);
      const { inviter } = alongside;
      const steps = [
        ...lockInviter(database, inviter),
        must(add, added),
        ...linkSteps(alongside, event.at),
        ...signedUpSteps(user.email),
      ];
      if (await audit.commit(steps, [event], "ordinary", alongside.mails)) return "added";
      const holders = await one(database, whyNot, added);
      if (holders === undefined || holders.ofUsername > 0) return "username_taken";
      if (holders.ofEmail > 0) return "email_taken";
      return holders.ofId + holders.spent > 0 ? "id_taken" : "outdated";
    },
    addFirst(user, event) {
      const alone = database.writers === "many" ? [step(lockTable, {})] : [];
      return audit.commit([...alone, must(addFirst, addedUser(user, event.at))], [event]);
    },
    upgradeHash: ({ id, revision }, passwordHash) =>
      database.commit([must(upgradeHash, { id, revision, passwordHash })]),
    ...userRowChanges(database, audit, endings),
  };
}

/** A point in the order of ids that depends on the seed alone. */
function pointOf(seed: string): string {
  const digest = createHash("sha256").update(seed).digest("hex");
  const letter = String.fromCharCode(97 + (Number.parseInt(digest.slice(0, 2), 16) % 26));
  return `user:${letter}${digest}`;
}

function addedUser(user: NewUser, at: number): AddedUser {
  const { usernameKey, emailKey, passwordHash } = user;
  return { ...writtenUser(user), usernameKey, emailKey, passwordHash, at, digest: digestOf(user.id) };
}

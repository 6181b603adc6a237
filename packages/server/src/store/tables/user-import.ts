import {
  type ImportKeys,
  mostImportRows,
  type UserHolder,
  type UserImport,
} from "../../core/people/user-import.ts";
import { type Database, must } from "../database.ts";
import { statement } from "../statement.ts";
import { importedSteps } from "./address-traces.ts";
import type { AuditWriter } from "./audit.ts";
import { digestOf, isSpent } from "./spent-ids.ts";
import { type WrittenUser, writtenUser } from "./user-rows.ts";

interface ImportedRow extends WrittenUser {
  readonly usernameKey: string;
  readonly emailKey: string;
  readonly passwordHash: string;
  readonly active: number;
  readonly createdAt: number;
  /** Of the id. */
  readonly digest: string;
}

const add = statement<ImportedRow>(`
  insert into users (id, username, username_key, email, email_key, display_name, display_key, roles, password_hash,
    must_change_password, email_verified_at, active, revision, created_at)
  select :id, :username, :usernameKey, :email, :emailKey, :displayName, :displayKey, :roles, :passwordHash,
    :mustChangePassword, :emailVerifiedAt, :active, 0, :createdAt
  where not ${isSpent} on conflict do nothing`);

/** A fixed number of values, because both engines keep a statement by its text. */
const slots = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
const ids = slots("id", mostImportRows);
const usernames = slots("username", 2 * mostImportRows);
const emails = slots("email", 3 * mostImportRows);
const digests = slots("digest", mostImportRows);
const listOf = (names: readonly string[]) => names.map((name) => `:${name}`).join(", ");

const columns = `id, username_key as "usernameKey", email_key as "emailKey", removed`;

const holders = statement<Readonly<Record<string, string>>, UserHolder & { readonly removed: number }>(`
  select ${columns} from users where id in (${listOf(ids)})
  union select ${columns} from users where username_key in (${listOf(usernames)})
  union select ${columns} from users where email_key in (${listOf(emails)})`);

const spent = statement<Readonly<Record<string, string>>, { digest: string }>(`
  select digest from spent_ids where digest in (${listOf(digests)})`);

/** The table `users`, for an import. */
export function userImport(database: Database, audit: AuditWriter): UserImport {
  return {
    async taken(rows) {
      const values = {
        ...filled(
          ids,
          rows.map(({ id }) => id),
        ),
        ...filled(
          usernames,
          rows.flatMap(({ usernameKeys }) => usernameKeys),
        ),
        ...filled(
          emails,
          rows.flatMap(({ emailKeys }) => emailKeys),
        ),
      };
      const users = await database.all(holders, values);
      return {
        users: users.map(({ removed, ...user }) => ({ ...user, isRemoved: removed === 1 })),
        spentIds: await spentOf(rows),
      };
    },
    add: (users, events) => {
      const steps = users.map((user) =>
        must(add, {
          ...writtenUser(user),
          usernameKey: user.usernameKey,
          emailKey: user.emailKey,
          passwordHash: user.passwordHash,
          active: user.active ? 1 : 0,
          createdAt: user.createdAt,
          digest: digestOf(user.id),
        }),
      );
      return audit.commit([...steps, ...importedSteps(users.map(({ email }) => email))], events);
    },
  };

  async function spentOf(rows: readonly ImportKeys[]): Promise<ReadonlySet<string>> {
    const byDigest = new Map(rows.map(({ id }) => [digestOf(id), id]));
    const found = await database.all(spent, filled(digests, [...byDigest.keys()]));
    return new Set(found.flatMap(({ digest }) => byDigest.get(digest) ?? []));
  }
}

/** A value for each slot. Empty ones get a text that no column holds. */
function filled(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, n) => [name, values[n] ?? ""]));
}

import type { Trace, TracedTable, UserTraces } from "../../core/people/user-traces.ts";
import type { Database } from "../database.ts";
import { statement } from "../statement.ts";
import { mailsOfUser, signUpsToUser } from "./address-traces.ts";

/** Rows of one part. */
const pageSize = 500;

/**
 * @param key a column that tells the rows of a user apart; it may be a secret, so it is the position alone
 * @param condition of the rows of a user
 */
function tracesIn(table: string, columns: string, key: string, condition = "user_id = :userId") {
  return statement<{ userId: string; after: string }, Trace & { readonly position: string }>(`
    select ${columns}, ${key} as position from ${table} where (${condition}) and ${key} > :after
    order by ${key} limit ${pageSize}`);
}

const statements: Record<TracedTable, ReturnType<typeof tracesIn>> = {
  sessions: tracesIn(
    "sessions",
    `id, client_id, client_name, scope, resource, address_bucket as address, created_at, last_used_at,
    expires_at, ends_at, ended_at`,
    "id",
  ),
  authorizations: tracesIn(
    "authorizations",
    `client_id, client_name, redirect_uri, scope, resource, address_bucket as address, session_id, created_at,
    expires_at, redeemed_at`,
    "code_hash",
  ),
  links: tracesIn(
    "links",
    "purpose, email, roles, created_at, expires_at",
    "id",
    // With an "or", SQLite would read the whole table in the order of the key.
    `id in (select id from links where user_id = :userId union all select id from links where ${signUpsToUser})`,
  ),
  // The address is that of another person.
  invitations: tracesIn("links", "roles, created_at, expires_at", "id", "invited_by = :userId"),
  known_addresses: tracesIn("known_addresses", "last_seen_at", "digest"),
  password_failures: tracesIn(
    "password_failures",
    "failures, nullif(password_set_at, 0) as password_set_at",
    "key",
  ),
  mails: tracesIn("outbox", "kind, recipient, language, details, created_at, attempts", "id", mailsOfUser),
};

/** The rows of one user in these tables. */
export function userTraces(database: Database): UserTraces {
  return {
    async read(table, userId, after) {
      const rows = await database.all(statements[table], { userId, after });
      const next = rows.length === pageSize ? rows.at(-1)?.position : undefined;
      return { traces: rows.map(({ position: _, ...trace }) => trace), next };
    },
  };
}

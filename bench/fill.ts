import { DatabaseSync } from "node:sqlite";
import { queryAt } from "@latchkey/testkit/postgres/postgres-server";

/** The size of a database. */
export interface Size {
  readonly users: number;
  readonly sessionsPerUser: number;
  /** Ended sessions with tokens that may still be unexpired. */
  readonly revocations: number;
}

/** The password of every user, and its hash. */
export interface Secret {
  readonly password: string;
  readonly hash: string;
}

// Columns of later migrations have defaults.
const userColumns =
  "id, username, username_key, email, email_key, display_name, roles, password_hash, active, revision, created_at";
const sessionColumns = `id, user_id, generation, refresh_hash, rotated_at, created_at, last_used_at, expires_at,
  ends_at, tokens_until, ended_at, address_bucket`;

const now = () => Date.now();
const week = 7 * 86_400_000;

/** Fills a SQLite file. Every fifth session has ended, and each session has an audit event. */
export function fillSqlite(
  path: string,
  { users, sessionsPerUser, revocations }: Size,
  { hash }: Secret,
): void {
  const database = new DatabaseSync(path);
  database.exec("pragma synchronous = off; begin");
  const series = (count: number) =>
    `with recursive series (n) as (select 0 union all select n + 1 from series where n + 1 < ${count})`;
  database.exec(`${series(users)} insert into users (${userColumns}) select
    'user:' || lower(hex(randomblob(16))), 'u' || n, 'u' || n, 'u' || n || '@example.com', 'u' || n || '@example.com',
    null, '["user"]', '${hash}', 1, 0, ${now()} from series`);
  database.exec(`${series(sessionsPerUser)} insert into sessions (${sessionColumns}) select
    lower(hex(randomblob(11))), users.id, 3, lower(hex(randomblob(32))), ${now()}, ${now()}, ${now()},
    ${now() + week}, ${now() + 4 * week}, ${now() + 3_600_000},
    case when n % 5 = 0 then ${now()} end, '192.0.2.' || (abs(random()) % 250)
    from users, series where users.username <> 'admin'`);
  database.exec(`insert into audit_events (at, name, subject, session_id, address)
    select created_at, 'login.succeeded', user_id, id, address_bucket from sessions`);
  database.exec(`${series(revocations)} insert into revocations (session_id, until)
    select lower(hex(randomblob(11))), ${now() + 3_600_000} from series`);
  database.exec("commit; pragma wal_checkpoint(truncate); analyze");
  database.close();
}

/** Fills a PostgreSQL database in the same way. */
export async function fillPostgres(
  address: string,
  { users, sessionsPerUser, revocations }: Size,
  { hash }: Secret,
): Promise<void> {
  const run = (text: string) => queryAt(address, text);
  await run(`insert into users (${userColumns}) select
    'user:' || md5(n::text || random()), 'u' || n, 'u' || n, 'u' || n || '@example.com', 'u' || n || '@example.com',
    null, '["user"]', '${hash}', 1, 0, ${now()} from generate_series(0, ${users - 1}) as n`);
  await run(`insert into sessions (${sessionColumns}) select
    substr(md5(random()::text || n || users.id), 1, 22), users.id, 3, md5(random()::text) || md5(random()::text),
    ${now()}, ${now()}, ${now()}, ${now() + week}, ${now() + 4 * week}, ${now() + 3_600_000},
    case when n % 5 = 0 then ${now()} end, '192.0.2.' || floor(random() * 250)::int
    from users, generate_series(0, ${sessionsPerUser - 1}) as n where users.username <> 'admin'`);
  await run(`insert into audit_events (at, name, subject, session_id, address)
    select created_at, 'login.succeeded', user_id, id, address_bucket from sessions`);
  await run(`insert into revocations (session_id, until)
    select md5(random()::text), ${now() + 3_600_000} from generate_series(1, ${revocations})`);
  await run("vacuum analyze");
  await run("checkpoint");
}

import type { Client } from "pg";

/** The oldest engine that is tested, as `server_version_num` has it. */
const oldest = 150_000;

/** What is wrong with a database. */
export interface EngineProblem {
  /** What is wrong and what to do, in one line. */
  readonly line: string;
  /** Whether a server must not start on it. */
  readonly fatal: boolean;
}

export interface EngineState {
  readonly number: number;
  readonly version: string;
  readonly encoding: string;
  readonly fsync: string;
  readonly commits: string;
  readonly used: number;
  readonly most: number;
  readonly encrypted: boolean;
  readonly now: number;
  readonly standbys: string;
}

const stateQuery = `select
  current_setting('server_version_num')::int as number,
  current_setting('server_version') as version,
  (select pg_encoding_to_char(encoding) from pg_database where datname = current_database()) as encoding,
  current_setting('fsync') as fsync,
  current_setting('synchronous_commit') as commits,
  (select count(*) from pg_stat_activity where backend_type = 'client backend') as used,
  current_setting('max_connections')::int as most,
  coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as encrypted,
  (extract(epoch from clock_timestamp()) * 1000)::float8 as now,
  coalesce((select string_agg(coalesce(client_addr::text, 'local') || ' ' || state || ' ' || sync_state, ', ')
    from pg_stat_replication), '') as standbys`;

/** Asks the engine how it is set up. */
export async function engineState(client: Client): Promise<EngineState> {
  const { rows } = await client.query<EngineState>(stateQuery);
  const [state] = rows;
  if (state === undefined) throw new Error("no answer");
  return state;
}

/** What is wrong with the engine's setup: the same for a start and for `latchkey database check`. */
export function engineProblems(state: EngineState): EngineProblem[] {
  const { number, version, encoding, fsync, commits, used, most } = state;
  const fatal = (line: string) => ({ line, fatal: true });
  const doubtful = (line: string) => ({ line, fatal: false });
  return [
    ...(number < oldest ? [fatal(`PostgreSQL ${version} is older than 15: upgrade it`)] : []),
    ...(encoding === "UTF8"
      ? []
      : [fatal(`its encoding is ${encoding}: create the database again with UTF8 (createdb -E UTF8)`)]),
    ...(fsync === "on"
      ? []
      : [doubtful("fsync is off: a power cut can lose and damage everything; set it on")]),
    ...(commits === "off"
      ? [doubtful("synchronous_commit is off: a crash loses answered writes; set it on for this database")]
      : []),
    ...(used > most * 0.8
      ? [
          doubtful(
            `${used} of ${most} connections are in use: raise max_connections, or lower LATCHKEY_DATABASE_POOL`,
          ),
        ]
      : []),
  ];
}

/** The triggers that the list of ended sessions needs, of a database with tables. */
export async function triggerProblems(client: Client): Promise<EngineProblem[]> {
  const { rows } = await client.query<{ name: string }>(
    "select tgname as name from pg_trigger where tgrelid = 'revocations'::regclass and tgenabled in ('O', 'A')",
  );
  const there = new Set(rows.map(({ name }) => name));
  return ["in_order", "tell"]
    .filter((name) => !there.has(name))
    .map((name) => ({
      line: `the trigger ${name} of revocations is missing or disabled: restore it from a backup's schema`,
      fatal: true,
    }));
}

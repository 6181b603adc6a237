import type { Client } from "pg";

/** The oldest engine that is tested, in the form of `server_version_num`. */
const oldest = 150_000;

/** A fault of a database. */
export interface EngineProblem {
  /** The fault and its repair, in one line. */
  readonly line: string;
  /** Whether a server refuses to start on it. */
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
}

const stateQuery = `select
  current_setting('server_version_num')::int as number,
  current_setting('server_version') as version,
  (select pg_encoding_to_char(encoding) from pg_database where datname = current_database()) as encoding,
  current_setting('fsync') as fsync,
  current_setting('synchronous_commit') as commits,
  (select count(*) from pg_stat_activity where backend_type = 'client backend') as used,
  current_setting('max_connections')::int as most`;

/** Reads the engine's setup. */
export async function engineState(client: Client): Promise<EngineState> {
  const { rows } = await client.query<EngineState>(stateQuery);
  const [state] = rows;
  if (state === undefined) throw new Error("no answer");
  return state;
}

/** The time by the engine's clock, in milliseconds since the epoch. */
export async function engineTime(client: Client): Promise<number> {
  const { rows } = await client.query<{ now: number }>(
    "select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as now",
  );
  const [row] = rows;
  if (row === undefined) throw new Error("no answer");
  return row.now;
}

/** Faults of the engine's setup: the same at a start and in `latchkey database check`. */
export function engineProblems(state: EngineState): EngineProblem[] {
  const { number, version, encoding, fsync, commits, used, most } = state;
  return [
    {
      found: number < oldest,
      fatal: true,
      line: `PostgreSQL ${version} is older than 15: upgrade it`,
    },
    {
      found: encoding !== "UTF8",
      fatal: true,
      line: `its encoding is ${encoding}: create the database again with UTF8 (createdb -E UTF8)`,
    },
    {
      found: fsync !== "on",
      fatal: false,
      line: "fsync is off: a power cut can lose and damage everything; set it on",
    },
    {
      found: commits === "off",
      fatal: false,
      line: "synchronous_commit is off: a crash loses answered writes; set it on for this database",
    },
    {
      found: used > most * 0.8,
      fatal: false,
      line: `${used} of ${most} connections are in use: raise max_connections, or lower LATCHKEY_DATABASE_POOL`,
    },
  ].filter(({ found }) => found);
}

/** Missing or disabled triggers of the list of ended sessions. The database must have its tables. */
export async function triggerProblems(client: Client): Promise<EngineProblem[]> {
  const { rows } = await client.query<{ name: string }>(
    "select tgname as name from pg_trigger where tgrelid = 'revocations'::regclass and tgenabled in ('O', 'A')",
  );
  const enabled = new Set(rows.map(({ name }) => name));
  return ["in_order", "tell"]
    .filter((name) => !enabled.has(name))
    .map((name) => ({
      line: `the trigger ${name} of revocations is missing or disabled: restore it from a backup's schema`,
      fatal: true,
    }));
}

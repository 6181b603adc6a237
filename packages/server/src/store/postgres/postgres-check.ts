import { Client } from "pg";
import { countedTables, type DatabaseReport, migrationProblem } from "../database-report.ts";
import { type PostgresHost, type PostgresPlace, shownPlace } from "../place.ts";
import { clientOptions } from "./client-options.ts";
import { connectFirst } from "./first-connection.ts";
import { versionOf } from "./migrate-postgres.ts";
import { postgresMigrations } from "./migrations.ts";
import { timeOf } from "./time-of.ts";
import { reasonOf } from "./trouble.ts";

/** Counting millions of rows takes longer than an answer of the server may. */
const countPatience = 60_000;
/** The oldest engine that is tested, as `server_version_num` has it. */
const oldest = 150_000;
/** A replica whose clock is further off than this shortens or lengthens tokens noticeably, in milliseconds. */
const clockTolerance = 2000;

interface State {
  readonly number: number;
  readonly version: string;
  readonly encoding: string;
  readonly fsync: string;
  readonly commits: string;
  readonly used: number;
  readonly most: number;
  readonly encrypted: boolean;
  readonly standbys: string;
}

/** Looks at a PostgreSQL database and at every host that is named. */
export async function checkPostgres(place: PostgresPlace, timeout: number): Promise<DatabaseReport> {
  const patience = { answer: countPatience, connect: timeout };
  const hosts = await Promise.all(place.hosts.map((host) => stateOfHost(place, host, timeout)));
  return connectFirst(place, patience, async (client) => {
    const began = Date.now();
    const time = await timeOf(client);
    const off = time - (began + Date.now()) / 2;
    const { rows } = await client.query<State>(stateQuery);
    const [state] = rows;
    if (state === undefined) throw new Error("no answer");
    const version = await versionOf(client);
    const known = postgresMigrations.length;
    const counts: [string, string][] = [];
    for (const table of version === 0 ? [] : countedTables) {
      const found = await client.query<{ count: number }>(`select count(*) from ${table}`);
      counts.push([table, String(found.rows[0]?.count)]);
    }
    return {
      facts: [
        ["engine", `PostgreSQL ${state.version}`],
        ["database", shownPlace(place)],
        ...hosts.map(({ name, state }) => [name, state] as const),
        [
          "connections",
          `${state.used} of ${state.most} in use; this one is ${state.encrypted ? "" : "not "}encrypted`,
        ],
        ["standbys", state.standbys === "" ? "none" : state.standbys],
        ["version", `${version} of ${known}`],
        ...counts,
      ],
      problems: [
        ...migrationProblem(version, known),
        ...engineProblems(state),
        ...hosts.flatMap(({ problem }) => problem),
        ...(version === 0 ? [] : await triggerProblems(client)),
        ...(Math.abs(off) > clockTolerance
          ? [`its clock is ${Math.round(off / 1000)} seconds off this machine's: set up NTP on both`]
          : []),
      ],
    };
  });
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
  coalesce((select string_agg(coalesce(client_addr::text, 'local') || ' ' || state || ' ' || sync_state, ', ')
    from pg_stat_replication), '') as standbys`;

function engineProblems({ number, version, encoding, fsync, commits, used, most }: State): string[] {
  return [
    ...(number < oldest ? [`PostgreSQL ${version} is older than 15: upgrade it`] : []),
    ...(encoding === "UTF8"
      ? []
      : [`its encoding is ${encoding}: make it anew with UTF8 (createdb -E UTF8)`]),
    ...(fsync === "on" ? [] : ["fsync is off: a power cut can lose and damage everything; set it on"]),
    ...(commits === "off"
      ? ["synchronous_commit is off: a crash loses answered writes; set it on for this database"]
      : []),
    ...(used > most * 0.8
      ? [`${used} of ${most} connections are in use: raise max_connections, or lower LATCHKEY_DATABASE_POOL`]
      : []),
  ];
}

async function triggerProblems(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    "select tgname as name from pg_trigger where tgrelid = 'revocations'::regclass and tgenabled in ('O', 'A')",
  );
  const there = new Set(rows.map(({ name }) => name));
  return ["in_order", "tell"]
    .filter((name) => !there.has(name))
    .map(
      (name) =>
        `the trigger ${name} of revocations is missing or disabled: restore it from a backup's schema`,
    );
}

async function stateOfHost(place: PostgresPlace, host: PostgresHost, timeout: number) {
  const name = `host ${host.host}:${host.port}`;
  const client = new Client(clientOptions(place, host, { answer: timeout, connect: timeout }));
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ follows: boolean }>("select pg_is_in_recovery() as follows");
    return { name, state: rows[0]?.follows ? "standby" : "primary", problem: [] };
  } catch (error) {
    const said = reasonOf(error);
    return {
      name,
      state: `away: ${said}`,
      problem: [`${name} does not answer (${said}): start it, or take it out of LATCHKEY_DATABASE`],
    };
  } finally {
    client.end().catch(() => {});
  }
}

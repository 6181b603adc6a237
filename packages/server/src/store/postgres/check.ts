import type { Client, QueryResult } from "pg";
import { isFarOff, measureOffset, shownOffset } from "../../core/clock-offset.ts";
import { type PostgresHost, type PostgresPlace, shownPlace } from "../place.ts";
import { type HashRow, hashesOf, type UnusableHashes } from "../unusable-hashes.ts";
import type { Timeouts } from "./client-options.ts";
import { closed, connect } from "./connect.ts";
import { logReasonOf } from "./engine-errors.ts";
import { engineProblems, engineState, engineTime, triggerProblems } from "./engine-state.ts";
import { connectFirst } from "./first-connection.ts";
import { versionOf } from "./migrate.ts";
import { postgresMigrations } from "./migrations.ts";

/** Counting millions of rows takes longer than an ordinary answer may, in milliseconds. */
const countTimeout = 60_000;

/** Findings about a PostgreSQL database and each of its hosts. */
export async function inspectPostgres(
  place: PostgresPlace,
  countedTables: readonly string[],
  timeout: number,
  unusable: UnusableHashes,
) {
  const timeouts = { answer: countTimeout, connect: place.connectTimeout ?? timeout };
  const each = { ...timeouts, answer: timeout };
  const hosts = await Promise.all(place.hosts.map((host) => inspectHost(place, host, each)));
  return connectFirst(place, timeouts, async (client) => {
    const state = await engineState(client);
    const clock = await measureOffset(
      () => engineTime(client),
      Date.now,
      () => performance.now(),
    );
    const version = await versionOf(client);
    const problems = [...engineProblems(state), ...(version > 0 ? await triggerProblems(client) : [])];
    const counts: (readonly [string, string])[] = [];
    for (const table of version > 0 ? countedTables : []) {
      const { rows } = await client.query<{ count: number }>(`select count(*) from ${table}`);
      counts.push([table, String(rows[0]?.count)]);
    }
    // An older schema lacks columns of this query.
    if (version === postgresMigrations.length) await readHashes(client, unusable);
    return {
      facts: [
        ["engine", `PostgreSQL ${state.version}`],
        ["database", shownPlace(place)],
        ...hosts.map(({ fact }) => fact),
        ["connections", `${state.used} of ${state.most} in use`],
        ["clock offset", shownOffset(clock)],
        ...place.notes.map((note) => ["note", note] as const),
      ] as const,
      version,
      known: postgresMigrations.length,
      counts,
      problems: [
        ...problems.map(({ line }) => line),
        ...hosts.flatMap(({ problem }) => problem),
        ...(isFarOff(clock)
          ? [
              `its clock is ${Math.round(-clock.offset / 1000)} seconds off this machine's: set up NTP on both`,
            ]
          : []),
      ],
    };
  });
}

/** Hashes in memory at once. */
const hashPage = 10_000;

async function readHashes(client: Client, unusable: UnusableHashes): Promise<void> {
  const page = `${hashesOf} and id > $1 order by id limit ${hashPage}`;
  let after: string | undefined = "";
  while (after !== undefined) {
    const answer: QueryResult<HashRow & { readonly id: string }> = await client.query(page, [after]);
    for (const row of answer.rows) unusable.see(row);
    after = answer.rows.length < hashPage ? undefined : answer.rows.at(-1)?.id;
  }
}

async function inspectHost(place: PostgresPlace, host: PostgresHost, timeouts: Timeouts) {
  const name = `host ${host.host}:${host.port}`;
  let client: Client | undefined;
  try {
    client = await connect(place, host, timeouts);
    const { rows } = await client.query<{ follows: boolean }>("select pg_is_in_recovery() as follows");
    return { fact: [name, rows[0]?.follows ? "standby" : "primary"] as const, problem: [] };
  } catch (error) {
    const reason = logReasonOf(error);
    return {
      fact: [name, `away: ${reason}`] as const,
      problem: [`${name} does not answer (${reason}): start it, or take it out of LATCHKEY_DATABASE`],
    };
  } finally {
    if (client !== undefined) await closed(client);
  }
}

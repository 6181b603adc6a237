import type { Client } from "pg";
import { countedTables, type DatabaseReport, migrationProblem } from "../database-report.ts";
import { type PostgresHost, type PostgresPlace, shownPlace } from "../place.ts";
import type { Patience } from "./client-options.ts";
import { closed, connect } from "./connect.ts";
import { engineProblems, engineState, triggerProblems } from "./engine-state.ts";
import { connectFirst } from "./first-connection.ts";
import { postgresMigrations, versionOf } from "./migrate-postgres.ts";
import { timeOf } from "./time-of.ts";
import { reasonOf } from "./trouble.ts";

/** Counting millions of rows takes longer than an answer of the server may. */
const countPatience = 60_000;
/** A replica whose clock is further off than this shortens or lengthens tokens noticeably, in milliseconds. */
const clockTolerance = 2000;

/** Looks at a PostgreSQL database and at every host that is named. */
export async function checkPostgres(place: PostgresPlace, timeout: number): Promise<DatabaseReport> {
  const patience = { answer: countPatience, connect: place.connectTimeout ?? timeout };
  const each = { ...patience, answer: timeout };
  const hosts = await Promise.all(place.hosts.map((host) => stateOfHost(place, host, each)));
  return connectFirst(place, patience, async (client) => {
    const began = Date.now();
    const time = await timeOf(client);
    const off = time - (began + Date.now()) / 2;
    const state = await engineState(client);
    const version = await versionOf(client);
    const known = postgresMigrations.length;
    const counts: [string, string][] = [];
    for (const table of version === 0 ? [] : countedTables) {
      const { rows } = await client.query<{ count: number }>(`select count(*) from ${table}`);
      counts.push([table, String(rows[0]?.count)]);
    }
    const found = [...engineProblems(state), ...(version === 0 ? [] : await triggerProblems(client))];
    return {
      facts: [
        ["engine", `PostgreSQL ${state.version}`],
        ["database", shownPlace(place)],
        ...hosts.map(({ name, state }) => [name, state] as const),
        [
          "connections",
          `${state.used} of ${state.most} in use; this one is ${state.encrypted ? "" : "not "}encrypted`,
        ],
        ...place.notes.map((note) => ["note", note] as const),
        ["standbys", state.standbys === "" ? "none" : state.standbys],
        ["version", `${version} of ${known}`],
        ...counts,
      ],
      problems: [
        ...migrationProblem(version, known),
        ...found.map(({ line }) => line),
        ...hosts.flatMap(({ problem }) => problem),
        ...(Math.abs(off) > clockTolerance
          ? [`its clock is ${Math.round(off / 1000)} seconds off this machine's: set up NTP on both`]
          : []),
      ],
    };
  });
}

async function stateOfHost(place: PostgresPlace, host: PostgresHost, patience: Patience) {
  const name = `host ${host.host}:${host.port}`;
  let client: Client | undefined;
  try {
    client = await connect(place, host, patience);
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
    if (client !== undefined) await closed(client);
  }
}

import type { Secret, Size } from "../fill.ts";
import { makeLoad } from "../make-load.ts";
import { residentBytes } from "../process-figures.ts";
import { median } from "../quantiles.ts";
import { meRequest, refreshing, signInWith } from "../requests.ts";
import { type Measure, type Row, shown } from "../row.ts";
import { type Service, scratchFolder } from "../service.ts";
import { cheapSecret, type Engine, type Sized, sizedDatabase, spreadLogins } from "../sized.ts";

const goal = 1.3;
const connections = 16;
/** The number of requested users, evenly distributed over the table. */
const spreads = { quick: 100, whole: 1_000 } as const;

interface Figures {
  readonly login: number[];
  readonly refresh: number[];
  readonly me: number[];
  readonly start: number[];
  memory: number;
}

/** The same work on a database with a thousand users and on a very large one, in turns. */
export const size: Measure = async ({ quick }) => {
  const small: Size = { users: 1_000, sessionsPerUser: 5, revocations: 1_000 };
  const large: Size = { ...small, users: quick ? 5_000 : 1_000_000 };
  const rows: Row[] = [];
  for (const engine of ["SQLite", "PostgreSQL"] as const)
    rows.push(...(await compared(engine, small, large, quick)));
  return rows;
};

async function compared(engine: Engine, small: Size, large: Size, quick: boolean): Promise<Row[]> {
  using folder = scratchFolder();
  const secret = await cheapSecret();
  const sizes = [small, large];
  const databases = await Promise.all(sizes.map((each) => sizedDatabase(engine, folder.path, each, secret)));
  try {
    const [few, many] = sizes.map((): Figures => ({ login: [], refresh: [], me: [], start: [], memory: 0 }));
    if (few === undefined || many === undefined) return [];
    const pairs = [
      [few, databases[0], small],
      [many, databases[1], large],
    ] as const;
    const rounds = quick ? 2 : 5;
    for (let round = 0; round < rounds; round++) {
      for (const [figures, database] of pairs) figures.start.push(await startTime(database, secret));
    }
    const servers = await Promise.all(databases.map(({ start }) => start()));
    for (let round = 0; round <= rounds; round++) {
      for (const [index, [figures, , each]] of pairs.entries()) {
        const server = servers[index];
        if (server !== undefined) await measure(server, figures, each, secret, { quick, warm: round > 0 });
      }
    }
    for (const [index, [figures]] of pairs.entries())
      figures.memory = residentBytes(servers[index]?.pid ?? 0) / 1e6;
    for (const server of servers) await server[Symbol.asyncDispose]();
    return rowsOf(engine, few, many, large);
  } finally {
    for (const database of databases) await database.close();
  }
}

async function startTime(database: Sized | undefined, secret: Secret): Promise<number> {
  if (database === undefined) return Number.NaN;
  const since = performance.now();
  await using server = await database.start();
  await signInWith(server.port, spreadLogins(1000, 1, secret));
  return performance.now() - since;
}

async function measure(
  server: Service,
  figures: Figures,
  { users }: Size,
  secret: Secret,
  { quick, warm }: { readonly quick: boolean; readonly warm: boolean },
): Promise<void> {
  const load = { connections, seconds: quick ? 1 : 3, expected: [200] };
  const spread = quick ? spreads.quick : spreads.whole;
  const logins = spreadLogins(users, spread, secret);
  const login = await makeLoad(server, { ...load, traffic: { kind: "repeat", requests: logins } });
  const tokens = await signInWith(server.port, logins);
  const chains = tokens.filter((_, n) => n % Math.floor(spread / connections) === 0).slice(0, connections);
  const refreshed = {
    kind: "refresh",
    tokens: chains.map((each) => each.refresh_token),
    request: refreshing,
  } as const;
  const refresh = await makeLoad(server, { ...load, traffic: refreshed });
  const asked = tokens.map((each) => meRequest(each.access_token));
  const me = await makeLoad(server, { ...load, traffic: { kind: "repeat", requests: asked } });
  if (!warm) return;
  figures.login.push(login.rate);
  figures.refresh.push(refresh.rate);
  figures.me.push(me.rate);
}

function rowsOf(engine: Engine, few: Figures, many: Figures, { users, sessionsPerUser }: Size): Row[] {
  const what = `${shown(users, 0)} users, ${shown(users * sessionsPerUser, 0)} sessions, ${engine}`;
  const row = (name: string, figure: string, limit: string, ratio: number): Row => ({
    what: `${name}: ${what}`,
    figure,
    limit: `${limit}: a thousand users`,
    ratio: `${shown(ratio)} times as long`,
    goal: `≤ ${goal}`,
    met: ratio <= goal,
  });
  const rates = (["login", "refresh", "me"] as const).map((name) => {
    const [large, small] = [median(many[name]), median(few[name])];
    const called = name === "login" ? "login without its hash" : name;
    return row(called, `${shown(large, 0)}/s`, `${shown(small, 0)}/s`, small / large);
  });
  const [start, startSmall] = [median(many.start), median(few.start)];
  return [
    ...rates,
    row("start to first login", `${shown(start, 0)} ms`, `${shown(startSmall, 0)} ms`, start / startSmall),
    {
      ...row(
        "memory after the load",
        `${shown(many.memory, 0)} MB`,
        `${shown(few.memory, 0)} MB`,
        many.memory / few.memory,
      ),
      ratio: `${shown(many.memory / few.memory)} times as much`,
    },
  ];
}

import { readFileSync, statSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { debianBinaries } from "@latchkey/testkit/postgres/binaries";
import { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import { type Ended, runCommand } from "../command.ts";
import { type Measure, type Row, shown } from "../row.ts";
import { scratchFolder, startLatchkey } from "../service.ts";
import { sharedSecret, startOn } from "../sized.ts";

/** Ten thousand users in well under a minute, in users per second. */
const rateGoal = 500;

/** The most memory of a ten times larger file or trail. */
const memoryGoal = 1.25;

/** A new database, with a way to run SQL in it. */
interface Target {
  readonly environment: Readonly<Record<string, string>>;
  run(sql: string): Promise<unknown>;
}

const series = (count: number) =>
  `with recursive series (n) as (select 1 union all select n + 1 from series where n < ${count})`;

/** The simplest program with the same rows: one statement for the users, and one for their events. */
const bareCopies = (users: number, prefix: string): readonly string[] => [
  `insert into users (id, username, username_key, email, email_key, display_name, display_key, roles, password_hash,
      active, revision, created_at)
    ${series(users)} select 'user:${prefix}' || n, '${prefix}' || n, '${prefix}' || n, '${prefix}' || n || '@example.com',
      '${prefix}' || n || '@example.com', 'Person ' || n, 'person ' || n, '["user"]', '${hash}', 1, 0, 1700000000000
    from series`,
  `insert into audit_events (at, name, subject, address)
    ${series(users)} select ${Date.now()} - n, 'user.imported', 'user:${prefix}' || n, 'cli' from series`,
];

/** A bcrypt hash in its usual form. The import never computes it. */
const hash = `$2b$10$${"Ab1./".repeat(10)}abc`;

function writeFile(path: string, users: number, prefix: string): string {
  const line = (n: number) =>
    JSON.stringify({
      username: `${prefix}${n}`,
      email: `${prefix}${n}@example.com`,
      display_name: `Person ${n}`,
      password_hash: hash,
    });
  writeFileSync(path, Array.from({ length: users }, (_, n) => `${line(n)}\n`).join(""));
  return path;
}

/** Imports of users, and exports of a user and of the audit trail: rates, and memory beside a tenth of the rows. */
export const imports: Measure = async ({ quick }) => {
  const users = quick ? 1_000 : 10_000;
  using folder = scratchFolder();
  const path = `${folder.path}/latchkey.db`;
  await (await startLatchkey({ folder: folder.path, processor: 0 }))[Symbol.asyncDispose]();
  const sqlite: Target = {
    environment: { LATCHKEY_DATABASE: path },
    async run(sql) {
      const database = new DatabaseSync(path, { timeout: 10_000 });
      database.exec("pragma synchronous = full");
      database.exec(sql);
      database.close();
    },
  };
  const rows = await rowsOn("SQLite", sqlite, folder.path, users);
  await using postgres = await PostgresServer.make({ binaries: debianBinaries() });
  const address = await postgres.database();
  await (await startOn(folder.path, address, {}))[Symbol.asyncDispose]();
  const onPostgres: Target = {
    environment: {
      LATCHKEY_DATABASE: address,
      LATCHKEY_SECRET: sharedSecret,
      LATCHKEY_DATABASE_TIMEOUT: "30s",
    },
    run: (sql) => postgres.query(sql, address),
  };
  return [...rows, ...(await rowsOn("PostgreSQL", onPostgres, folder.path, users))];
};

async function rowsOn(
  engine: string,
  { environment, run }: Target,
  folder: string,
  users: number,
): Promise<Row[]> {
  const add = (count: number, prefix: string) =>
    runCommand(
      folder,
      ["user", "import", writeFile(`${folder}/${engine}-${prefix}.jsonl`, count, prefix)],
      environment,
    );
  // The first one fills the compile cache.
  await add(10, "first");
  const small = await add(users / 10, "small");
  const large = await add(users, "large");
  const said = readFileSync(large.output, "utf8");
  if (said !== `imported ${users} users\n`) throw new Error(`the import said ${said}`);
  const bare = performance.now();
  for (const sql of bareCopies(users, "bare")) await run(sql);
  const bareRate = users / ((performance.now() - bare) / 1000);
  const rate = users / large.time;

  const name = "first1";
  const exports: (readonly [string, readonly string[]])[] = [
    ["`user export`", ["user", "export", name]],
    ["`audit --json`", ["audit", name, "--json"]],
  ];
  const events = users * 5;
  const runs: { what: string; few: Ended; many?: Ended }[] = [];
  await run(eventsOf(name, events / 10));
  for (const [what, args] of exports) runs.push({ what, few: await runCommand(folder, args, environment) });
  await run(eventsOf(name, events - events / 10));
  for (const [index, [, args]] of exports.entries()) {
    const measured = runs[index];
    if (measured !== undefined) measured.many = await runCommand(folder, args, environment);
  }
  return [
    {
      what: `import of ${shown(users, 0)} users, ${engine}`,
      figure: `${shown(rate, 0)} users/s, ${shown((large.seconds / users) * 1e6, 0)} µs of processor time each`,
      limit: `${shown(bareRate, 0)} users/s: one statement for the users, one for their events`,
      ratio: shown(rate / bareRate),
      goal: `> ${rateGoal} users/s`,
      met: rate > rateGoal,
    },
    memoryRow(`import of ${shown(users, 0)} users, ${engine}`, small, large),
    ...runs.flatMap(({ what, few, many }) =>
      many === undefined
        ? []
        : [
            memoryRow(
              `${what}, ${shown(events, 0)} events, ${shown(statSync(many.output).size / 1e6, 1)} MB, ${engine}`,
              few,
              many,
            ),
          ],
    ),
  ];
}

const eventsOf = (name: string, count: number) =>
  `insert into audit_events (at, name, subject, session_id, address, request_id)
    ${series(count)} select ${Date.now()} - n, 'login.succeeded', 'user:${name}', 'session-of-number-' || n,
      '2001:db8:0:1::/64', 'request-of-number-' || n from series`;

function memoryRow(what: string, small: Ended, large: Ended): Row {
  const ratio = large.peak / small.peak;
  return {
    what: `peak memory: ${what}`,
    figure: `${shown(large.peak / 1e6, 0)} MB`,
    limit: `${shown(small.peak / 1e6, 0)} MB: a tenth of the rows`,
    ratio: shown(ratio),
    goal: `≤ ${memoryGoal}`,
    met: ratio <= memoryGoal,
  };
}

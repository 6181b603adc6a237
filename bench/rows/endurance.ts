import { statSync } from "node:fs";
import { debianBinaries } from "@latchkey/testkit/postgres/binaries";
import { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import { runTask } from "../children.ts";
import { type Operation, stepsOfDay } from "../day.ts";
import type { DayPlan, DayReport } from "../day-load.ts";
import { people } from "../peers/contestant.ts";
import { latchkey } from "../peers/latchkey.ts";
import { residentBytes } from "../process-figures.ts";
import { pinRunning } from "../processors.ts";
import { type Measure, type Row, shown } from "../row.ts";
import { builtCommand, type Service, scratchFolder, startLatchkey } from "../service.ts";
import { type Engine, sharedSecret } from "../sized.ts";

/** The share of the highest rate at which people use the server. */
const share = 0.7;

/** A server, or some replicas on one database. */
interface Cluster extends AsyncDisposable {
  readonly replicas: readonly Service[];
  /** The write-ahead log of the database, in bytes. */
  walBytes(): Promise<number>;
}

/**
 * Many days of people at 70 % of the highest rate, for half an hour on each engine: latency, memory and the write-ahead
 * log. All replicas and PostgreSQL share processor 0. Each row has its arithmetic to a day.
 */
export const endurance: Measure = async ({ quick }) => {
  const rows: Row[] = [];
  for (const engine of ["SQLite", "PostgreSQL"] as const) {
    using folder = scratchFolder();
    await using cluster = await (engine === "SQLite" ? onSqlite(folder.path) : onPostgres(folder.path));
    rows.push(...(await endure(engine, cluster, quick)));
  }
  return rows;
};

async function endure(engine: Engine, cluster: Cluster, quick: boolean): Promise<Row[]> {
  const [first] = cluster.replicas;
  if (first === undefined) throw new Error("the cluster has no replica");
  await latchkey.fill?.(first);
  const plan = {
    ports: cluster.replicas.map(({ port }) => port),
    people,
    connections: Math.ceil(64 / cluster.replicas.length),
  };
  const run = (more: Pick<DayPlan, "seconds" | "perSecond">) =>
    runTask<DayReport>(
      { script: new URL("../day-load.ts", import.meta.url), processor: 1 },
      { ...plan, ...more } satisfies DayPlan,
      more.seconds + 120,
    );
  await run({ seconds: quick ? 2 : 10 });
  const { rate: ceiling } = await run({ seconds: quick ? 3 : 30 });
  const watch = new Watch(cluster);
  const report = await run({ seconds: quick ? 5 : 1800, perSecond: ceiling * share });
  const { memory, wal } = await watch.end();
  const days = (rate: number) => `${shown((rate / stepsOfDay) * 86_400, 0)} people a day`;
  const whole = `${engine}, ${cluster.replicas.length} server${cluster.replicas.length > 1 ? "s" : ""}`;
  const latency = (operation: Operation): Row => {
    const { count, p50, p99, p999 } = report.operations[operation];
    return {
      what: `${operation} at ${share * 100} % of the highest rate, ${whole}`,
      figure: `p50 ${shown(p50)} ms, p99 ${shown(p99)} ms, p99.9 ${shown(p999)} ms (${shown(count, 0)} requests)`,
      limit: "–",
      ratio: "–",
    };
  };
  return [
    {
      what: `people in the middle of their days, ${whole} on one processor`,
      figure: `${shown(report.rate, 0)}/s: ${days(report.rate)}`,
      limit: `${shown(ceiling, 0)}/s without a pause: ${days(ceiling)}`,
      ratio: shown(report.rate / ceiling),
    },
    latency("login"),
    latency("me"),
    latency("refresh"),
    latency("logout"),
    {
      what: `memory of a server, ${whole}: first tenth and last tenth of the time, peak`,
      figure: memory.map((each) => `${shown(each, 0)} MB`).join(", "),
      limit: "–",
      ratio: "–",
    },
    {
      what: `write-ahead log, ${whole}: peak`,
      figure: `${shown(wal / 1e6, 1)} MB`,
      limit: "–",
      ratio: "–",
    },
  ];
}

/** Samples memory and the write-ahead log once a second. */
class Watch {
  readonly #cluster: Cluster;
  readonly #memory: number[] = [];
  #wal = 0;
  readonly #timer = setInterval(() => void this.#sample(), 1000);

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async #sample(): Promise<void> {
    const { replicas } = this.#cluster;
    this.#memory.push(Math.max(...replicas.map(({ pid }) => residentBytes(pid))) / 1e6);
    this.#wal = Math.max(this.#wal, await this.#cluster.walBytes());
  }

  /** @returns the mean of the first and of the last tenth, and the peak, of the largest server in MB */
  async end(): Promise<{ readonly memory: readonly number[]; readonly wal: number }> {
    clearInterval(this.#timer);
    await this.#sample();
    const samples = this.#memory;
    const tenth = Math.ceil(samples.length / 10);
    const mean = (of: readonly number[]) => of.reduce((sum, each) => sum + each, 0) / of.length;
    return {
      memory: [mean(samples.slice(0, tenth)), mean(samples.slice(-tenth)), Math.max(...samples)],
      wal: this.#wal,
    };
  }
}

async function onSqlite(folder: string): Promise<Cluster> {
  const server = await startLatchkey({ folder, processor: 0, script: builtCommand });
  return {
    replicas: [server],
    walBytes: async () => statSync(`${folder}/latchkey.db-wal`, { throwIfNoEntry: false })?.size ?? 0,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function onPostgres(folder: string): Promise<Cluster> {
  await using stack = new AsyncDisposableStack();
  const settings = { shared_buffers: "512MB", max_wal_size: "1GB" };
  const postgres = stack.use(await PostgresServer.make({ binaries: debianBinaries(), settings }));
  pinRunning(postgres.pid, 0);
  const address = await postgres.database();
  const replicas: Service[] = [];
  for (let n = 0; n < 3; n++) {
    const own = {
      LATCHKEY_DATABASE: address,
      LATCHKEY_SECRET: sharedSecret,
      LATCHKEY_ISSUER: "http://127.0.0.1",
    };
    const options = { folder, processor: 0, script: builtCommand, database: undefined } as const;
    replicas.push(
      stack.use(await startLatchkey({ ...options, settings: { ...own, LATCHKEY_ALLOW_INSECURE: "issuer" } })),
    );
  }
  const walBytes = async () => {
    const [row] = await postgres.query("select coalesce(sum(size), 0)::float8 as bytes from pg_ls_waldir()");
    return Number(row?.["bytes"] ?? 0);
  };
  const moved = stack.move();
  return { replicas, walBytes, [Symbol.asyncDispose]: () => moved[Symbol.asyncDispose]() };
}

import { mkdirSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "@latchkey/testkit/sockets";
import { residentBytes } from "../process-figures.ts";
import type { Contestant, Running } from "./contestant.ts";
import { people } from "./contestant.ts";
import { logins, mes, refreshes, type SignedIn, signInAll, storm } from "./rounds.ts";

/** A product that is ready to be started, and its samples: the rounds of each figure, by its name. */
export interface Entrant {
  readonly contestant: Contestant;
  readonly folder: string;
  start(): Promise<Running>;
  readonly samples: Map<string, number[]>;
}

/** Adds the figure of a round. */
function add({ samples }: Entrant, name: string, value: number): void {
  samples.set(name, [...(samples.get(name) ?? []), value]);
}

/** Fetches a product, creates its people and fills its caches with a second start. */
export async function enter(
  contestant: Contestant,
  parent: string,
  stack: AsyncDisposableStack,
): Promise<Entrant> {
  const folder = `${parent}/${contestant.id}`;
  mkdirSync(folder, { recursive: true });
  const starter = await contestant.prepare(stack);
  const start = async () => starter(folder, await freePort());
  {
    await using running = await start();
    await contestant.fill?.(running);
    await signInAll(running, people.slice(0, 1));
  }
  await (await start())[Symbol.asyncDispose]();
  return { contestant, folder, start, samples: new Map() };
}

/** One start with existing data: the time to the first answered login, and the memory of the idle product. */
export async function startOnce(entrant: Entrant, rest: number): Promise<void> {
  const since = performance.now();
  await using running = await entrant.start();
  const isCompared = running.login !== undefined;
  if (!isCompared) return;
  await signInAll(running, people.slice(0, 1));
  add(entrant, "start", performance.now() - since);
  await delay(rest);
  add(entrant, "memory.idle", residentBytes(running.pid) / 1e6);
}

/** The length of a round of load, in seconds. */
export interface RatePace {
  readonly seconds: number;
  readonly loginSeconds: number;
}

/** The figures of a round of load. */
export const rateFigures = ["rate", "cost", "p50", "p99"] as const;

/** One round of the rates for each product, in turns. */
export async function rateRound(
  entrants: readonly (readonly [Entrant, SignedIn])[],
  { seconds, loginSeconds }: RatePace,
  keep: boolean,
): Promise<void> {
  for (const [name, run] of [
    ["login", (signedIn: SignedIn) => logins(signedIn, { seconds: loginSeconds })],
    ["refresh", (signedIn: SignedIn) => refreshes(signedIn, seconds)],
    ["me", (signedIn: SignedIn) => mes(signedIn, seconds)],
  ] as const) {
    for (const [entrant, signedIn] of entrants) {
      const result = await run(signedIn);
      if (result === undefined || !keep) continue;
      for (const figure of rateFigures) add(entrant, `${name}.${figure}`, result[figure]);
    }
  }
}

/** One round of `me` in the storm of logins for each product, in turns. */
export async function stormRound(
  entrants: readonly (readonly [Entrant, SignedIn])[],
  seconds: number,
): Promise<void> {
  for (const [entrant, signedIn] of entrants) {
    const result = await storm(signedIn, seconds);
    if (result === undefined) continue;
    add(entrant, "storm.idle", result.idle.p99);
    add(entrant, "storm.stormed", result.stormed.p99);
  }
}

/** The memory after all rounds. */
export function memoryAfter(entrants: readonly (readonly [Entrant, SignedIn])[]): void {
  for (const [entrant, { running }] of entrants)
    if (running.login !== undefined) add(entrant, "memory.loaded", residentBytes(running.pid) / 1e6);
}

/** The bytes that a login and a refresh add to the database. Each is measured between two orderly stops. */
export async function storedBytes(entrant: Entrant, seconds: number): Promise<void> {
  const { database } = entrant.contestant;
  if (database === undefined) return;
  const file = `${entrant.folder}/${database}`;
  const growth = async (work: (running: Running) => Promise<number>) => {
    const before = contentBytes(file);
    await using running = await entrant.start();
    const count = await work(running);
    await running[Symbol.asyncDispose]();
    return (contentBytes(file) - before) / count;
  };
  const byLogin = await growth(async (running) => {
    const result = await logins({ running, refreshTokens: [], mes: [] }, { seconds });
    return result?.statuses[200] ?? 0;
  });
  add(entrant, "bytes.login", byLogin);
  const running = await entrant.start();
  const signedIn = await signInAll(running);
  await running[Symbol.asyncDispose]();
  if (running.refresh?.next === undefined) return;
  const byRefresh = await growth(async (again) => {
    const result = await refreshes({ ...signedIn, running: again }, seconds);
    return result?.statuses[200] ?? 0;
  });
  add(entrant, "bytes.refresh", byRefresh);
}

/** The bytes of a SQLite file that hold content, in full pages, after a checkpoint of its log. */
function contentBytes(file: string): number {
  using database = new DatabaseSync(file);
  database.exec("pragma wal_checkpoint(truncate)");
  const [size, count, free] = ["page_size", "page_count", "freelist_count"].map((name) =>
    Number(database.prepare(`pragma ${name}`).get()?.[name]),
  );
  return (size ?? 0) * ((count ?? 0) - (free ?? 0));
}

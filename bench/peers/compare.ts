import type { DiskReport } from "../bare-disk.ts";
import { runTask } from "../children.ts";
import { makeLoad } from "../make-load.ts";
import { startService } from "../service.ts";
import type { Contestant } from "./contestant.ts";
import { machineLines, type Results, spreadOf } from "./results.ts";
import { connections, signInAll } from "./rounds.ts";
import { rows } from "./rows.ts";
import { type Entrant, enter, memoryAfter, rateRound, startOnce, storedBytes, stormRound } from "./stages.ts";

/** How long and how often each figure is measured. */
const paces = {
  whole: { starts: 9, rest: 5_000, rounds: 7, storms: 3, seconds: 4, bytesSeconds: 20 },
  quick: { starts: 1, rest: 500, rounds: 1, storms: 1, seconds: 2, bytesSeconds: 3 },
} as const;

/** Measures the products in alternating rounds: each on processor 0, and the load on processor 1. */
export async function compare(
  contestants: readonly Contestant[],
  folder: string,
  quick: boolean,
): Promise<Results> {
  const pace = quick ? paces.quick : paces.whole;
  await using stack = new AsyncDisposableStack();
  const entrants: Entrant[] = [];
  for (const contestant of contestants) {
    say(`fetching and starting ${contestant.name}`);
    entrants.push(await enter(contestant, folder, stack));
  }
  const limits = new Map<string, number[]>();
  for (let round = 0; round < pace.starts; round++) {
    say(`start, round ${round + 1} of ${pace.starts}`);
    for (const entrant of entrants) await startOnce(entrant, pace.rest);
    await limitRound(limits, folder, ["start"], pace.seconds);
  }
  {
    await using running = new AsyncDisposableStack();
    const all: [Entrant, Awaited<ReturnType<typeof signInAll>>][] = [];
    for (const entrant of entrants) {
      all.push([entrant, await signInAll(running.use(await entrant.start()))]);
    }
    for (let round = 0; round <= pace.rounds; round++) {
      say(`rates, round ${round} of ${pace.rounds}`);
      // The first round warms up the compilers.
      await rateRound(all, pace.seconds, round > 0);
      if (round > 0) await limitRound(limits, folder, ["login", "refresh", "me"], pace.seconds);
    }
    for (let round = 1; round <= pace.storms; round++) {
      say(`storm, round ${round} of ${pace.storms}`);
      await stormRound(all, pace.seconds);
    }
    memoryAfter(all);
  }
  for (const entrant of entrants) {
    say(`bytes of ${entrant.contestant.name}`);
    await storedBytes(entrant, pace.bytesSeconds);
  }
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: machineLines(),
    contestants: contestants.map(({ id, name, version, configuration, leavesOut }) => ({
      id,
      name,
      version,
      configuration,
      leavesOut,
    })),
    rows: rows.map(({ limit, columns, ...row }) => {
      const spread = spreadOf(limits.get(row.id) ?? []);
      return {
        ...row,
        columns: columns.map(({ name, unit }) => ({ name, unit })),
        values: Object.fromEntries(
          entrants.map(({ contestant, samples }) => [
            contestant.id,
            columns.map(({ figure }) => spreadOf(samples.get(figure) ?? [])),
          ]),
        ),
        ...(limit !== undefined && spread !== null && { limit: { name: limit, spread } }),
      };
    }),
  };
}

/** What the machine can do at most, on the processor of the products. */
async function limitRound(
  limits: Map<string, number[]>,
  folder: string,
  which: readonly ("login" | "refresh" | "me" | "start")[],
  seconds: number,
): Promise<void> {
  const add = (name: string, value: number) => limits.set(name, [...(limits.get(name) ?? []), value]);
  const script = (name: string) => new URL(`../${name}.ts`, import.meta.url);
  for (const name of which) {
    if (name === "login") {
      const task = { script: script("bare-hash"), processor: 0 } as const;
      const { perSecond } = await runTask<{ perSecond: number }>(
        task,
        { seconds, concurrency: 1 },
        seconds + 20,
      );
      add(name, perSecond);
    } else if (name === "refresh") {
      const task = { script: script("bare-disk"), processor: 0 } as const;
      const report = await runTask<DiskReport>(task, { folder, seconds: seconds / 2 }, seconds + 20);
      add(name, report.appendsPerSecond);
    } else {
      const since = performance.now();
      await using bare = await startService(folder, { script: script("bare-http"), processor: 0 });
      if (name === "start") {
        add(name, performance.now() - since);
        continue;
      }
      const request = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
      const traffic = { kind: "repeat", requests: [request] } as const;
      const { rate } = await makeLoad(bare, {
        connections: connections.me,
        seconds,
        traffic,
        expected: [200],
      });
      add(name, rate);
    }
  }
}

function say(what: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${what} …\n`);
}

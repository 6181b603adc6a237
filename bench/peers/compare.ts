import { startCopy } from "../bare-copy.ts";
import type { DiskReport } from "../bare-disk.ts";
import { runTask } from "../children.ts";
import { startService } from "../service.ts";
import type { Contestant } from "./contestant.ts";
import { machineLines, type Results, spreadOf } from "./results.ts";
import { mes, type SignedIn, signInAll } from "./rounds.ts";
import { rows } from "./rows.ts";
import {
  type Entrant,
  enter,
  memoryAfter,
  type RatePace,
  rateFigures,
  rateRound,
  startOnce,
  storedBytes,
  stormRound,
} from "./stages.ts";

/** How long and how often each figure is measured. */
const paces = {
  // A product that hashes three times a second, with 16 callers, needs the longer window of the logins.
  whole: { starts: 9, rest: 5_000, rounds: 7, storms: 3, seconds: 4, loginSeconds: 8, bytesSeconds: 20 },
  quick: { starts: 1, rest: 500, rounds: 1, storms: 1, seconds: 2, loginSeconds: 2, bytesSeconds: 3 },
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
  const limits: Limits = new Map();
  for (let round = 0; round < pace.starts; round++) {
    say(`start, round ${round + 1} of ${pace.starts}`);
    for (const entrant of entrants) await startOnce(entrant, pace.rest);
    await limitRound(limits, folder, ["start"], pace);
  }
  {
    await using running = new AsyncDisposableStack();
    const all: [Entrant, SignedIn][] = [];
    for (const entrant of entrants) {
      all.push([entrant, await signInAll(running.use(await entrant.start()))]);
    }
    const own = all.find(([{ contestant }]) => contestant.id === "latchkey")?.[1];
    const copy = own && {
      ...own,
      running: running.use(await startCopy(folder, own.running, own.mes[0] ?? "")),
    };
    for (let round = 0; round <= pace.rounds; round++) {
      say(`rates, round ${round} of ${pace.rounds}`);
      // The first round warms up the compilers.
      await rateRound(all, pace, round > 0);
      const bare = copy && (await mes(copy, pace.seconds));
      if (round === 0) continue;
      await limitRound(limits, folder, ["login", "refresh"], pace);
      for (const figure of rateFigures) if (bare !== undefined) addTo(limits, `me.${figure}`, bare[figure]);
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
      const spreads = columns.map(({ figure }) => spreadOf(limits.get(figure) ?? []));
      return {
        ...row,
        columns: columns.map(({ name, unit }) => ({ name, unit })),
        values: Object.fromEntries(
          entrants.map(({ contestant, samples }) => [
            contestant.id,
            columns.map(({ figure }) => spreadOf(samples.get(figure) ?? [])),
          ]),
        ),
        ...(limit !== undefined && spreads[0] && { limit: { name: limit, values: spreads } }),
      };
    }),
  };
}

/** What the machine can do at most, on the processor of the products. */
async function limitRound(
  limits: Limits,
  folder: string,
  which: readonly ("login" | "refresh" | "start")[],
  { seconds, loginSeconds }: RatePace,
): Promise<void> {
  const task = (name: string) =>
    ({ script: new URL(`../${name}.ts`, import.meta.url), processor: 0 }) as const;
  for (const name of which) {
    if (name === "login") {
      const work = { seconds: loginSeconds, concurrency: 1 };
      const report = await runTask<{ perSecond: number }>(task("bare-hash"), work, loginSeconds + 20);
      addTo(limits, "login.rate", report.perSecond);
    } else if (name === "refresh") {
      const work = { folder, seconds: seconds / 2 };
      const report = await runTask<DiskReport>(task("bare-disk"), work, seconds + 20);
      addTo(limits, "refresh.rate", report.appendsPerSecond);
    } else {
      const since = performance.now();
      await using _bare = await startService(folder, task("bare-http"));
      addTo(limits, "start", performance.now() - since);
    }
  }
}

/** The rounds of each figure of the limits. */
type Limits = Map<string, number[]>;

function addTo(limits: Limits, figure: string, value: number): void {
  limits.set(figure, [...(limits.get(figure) ?? []), value]);
}

function say(what: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${what} …\n`);
}

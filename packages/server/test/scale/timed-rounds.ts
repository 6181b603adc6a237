import { expect } from "vitest";
import { friedman, type Round } from "./rank-test.ts";

/** A right server fails one run in a million for each measure. */
const smallest = 1e-6;

/** Rounds that are not counted: the compiler and the caches warm up. */
export const warming = 20;

/** The requests of a measurement. */
export interface TimedRequests<Group extends string> {
  /** The first one is compared. Two of them must be alike: their difference is the noise of the machine. */
  readonly groups: readonly [Group, ...Group[]];
  readonly rounds: number;
  /** @returns milliseconds until the answer */
  readonly ask: (group: Group, round: number) => Promise<number>;
  /** A request of another kind right after the answer. @returns milliseconds until the answer */
  readonly probe: () => Promise<number>;
  /** Waits until the server has done all that follows from a request. */
  readonly settled: () => Promise<void>;
}

/** Sends one request of each group in every round, in random order, and compares the times. */
export async function expectSameTimes<Group extends string>(requests: TimedRequests<Group>): Promise<void> {
  const { groups, rounds, ask, probe, settled } = requests;
  const answers: Round<Group>[] = [];
  const next: Round<Group>[] = [];
  for (let round = 1; round <= rounds + warming; round++) {
    const answer = new Map<Group, number>();
    const after = new Map<Group, number>();
    for (const group of shuffled(groups)) {
      answer.set(group, await ask(group, round));
      after.set(group, await probe());
      await settled();
    }
    if (round <= warming) continue;
    answers.push(answer);
    next.push(after);
  }
  for (const measured of [answers, next]) {
    expect(friedman(groups, measured), shown(groups, measured)).toBeGreaterThan(smallest);
    // The test would find a difference of twice the noise. It would often miss one as large as the noise if a busy
    // machine delays some answers by much more than the quartiles show.
    const [first] = groups;
    const noise = quantile(measured, first, 0.75) - quantile(measured, first, 0.25);
    const slower = measured.map((round) => new Map([...round, [first, timeOf(round, first) + 2 * noise]]));
    expect(friedman(groups, slower), shown(groups, measured)).toBeLessThan(smallest);
  }
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .toSorted((one, other) => one.key - other.key)
    .map(({ item }) => item);
}

function timeOf<Group extends string>(round: Round<Group>, group: Group): number {
  return round.get(group) ?? Number.NaN;
}

function quantile<Group extends string>(
  measured: readonly Round<Group>[],
  group: Group,
  share: number,
): number {
  const sorted = measured.map((round) => timeOf(round, group)).toSorted((one, other) => one - other);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}

/** The quartiles of every group, for the message. */
function shown<Group extends string>(groups: readonly Group[], measured: readonly Round<Group>[]): string {
  const of = (group: Group) =>
    [0.25, 0.5, 0.75].map((share) => quantile(measured, group, share).toFixed(2)).join(" ");
  return groups.map((group) => `${group}: ${of(group)} ms`).join("; ");
}

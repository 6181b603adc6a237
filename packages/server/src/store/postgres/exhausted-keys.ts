import type { SteadyClock } from "../../core/clock.ts";
import { LinkedList, type ListEntry } from "../../core/passwords/linked-list.ts";
import type { AttemptCount } from "./attempts.ts";

interface Exhausted {
  until: number;
  turnedAway: boolean;
  readonly entry: ListEntry<string>;
}

/** Size limit. Beyond it the oldest key is evicted and looked up in the database again. */
const capacity = 100_000;

/** A cache of keys that are at their limit until their window ends. They are refused without a query. */
export class ExhaustedKeys {
  readonly #steady: SteadyClock;
  readonly #keys = new Map<string, Exhausted>();
  readonly #order = new LinkedList<string>();

  constructor(steady: SteadyClock) {
    this.#steady = steady;
  }

  /** Remembers the keys at their limit. @returns the counts above their limit */
  note(counts: readonly AttemptCount[]): AttemptCount[] {
    for (const { key, failures, most, remaining } of counts)
      if (failures >= most) this.#remember(key, this.#steady() + remaining);
    return counts.filter(({ failures, most }) => failures > most);
  }

  /** Milliseconds until the key has room again; undefined if the key is not in the cache. */
  left(key: string): number | undefined {
    const known = this.#keys.get(key);
    if (known === undefined) return undefined;
    const left = known.until - this.#steady();
    if (left > 0) return left;
    this.#forget(key);
    return undefined;
  }

  /** @returns whether this is the first refusal of the key in this process */
  turnAway(key: string): boolean {
    const known = this.#keys.get(key);
    if (known === undefined) return true;
    const first = !known.turnedAway;
    known.turnedAway = true;
    return first;
  }

  /** Forgets a key, and every key that continues it after a space. */
  forget(key: string): void {
    for (const known of this.#keys.keys())
      if (known === key || known.startsWith(`${key} `)) this.#forget(known);
  }

  prune(): void {
    for (const key of this.#keys.keys()) this.left(key);
  }

  #remember(key: string, until: number): void {
    const known = this.left(key) === undefined ? undefined : this.#keys.get(key);
    if (known !== undefined) {
      known.until = until;
      return;
    }
    this.#keys.set(key, { until, turnedAway: false, entry: this.#order.push(key) });
    const oldest = this.#order.first;
    if (this.#keys.size > capacity && oldest !== undefined) this.#forget(oldest);
  }

  #forget(key: string): void {
    const known = this.#keys.get(key);
    if (known === undefined) return;
    this.#order.remove(known.entry);
    this.#keys.delete(key);
  }
}

import type { Clock } from "../core/clock.ts";

/** A value with its time of reading and the end of its freshness, in milliseconds. */
export interface Dated<T> {
  readonly value: T;
  readonly readAt: number;
  readonly freshUntil: number;
}

/** A bounded cache in memory. Beyond the bound the value that was not used for longest is dropped. */
export class RecentValues<T> {
  readonly #clock: Clock;
  readonly #capacity: number;
  /** The value that was not used for longest comes first. */
  readonly #values = new Map<string, Dated<T>>();

  constructor(clock: Clock, capacity = 200) {
    this.#clock = clock;
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: string): Dated<T> | undefined {
    const dated = this.#values.get(key);
    if (dated === undefined) return undefined;
    this.#values.delete(key);
    this.#values.set(key, dated);
    return dated;
  }

  delete(key: string): void {
    this.#values.delete(key);
  }

  /** @param freshFor milliseconds */
  set(key: string, value: T, freshFor: number, readAt: number = this.#clock()): void {
    this.#values.delete(key);
    this.#values.set(key, { value, readAt, freshUntil: this.#clock() + freshFor });
    const [oldest] = this.#values.keys();
    if (this.#values.size > this.#capacity && oldest !== undefined) this.#values.delete(oldest);
  }
}

/** The difference between the clocks of two replicas that is ignored, in milliseconds. */
const clockTolerance = 5 * 60_000;

/** Whether a value is fresh. One from the future is not: the clock was set back, so its age is unknown. */
export function isFresh({ readAt, freshUntil }: Omit<Dated<unknown>, "value">, now: number): boolean {
  return now < freshUntil && readAt <= now + clockTolerance;
}

import type { CountedLimit } from "../../core/throttle/attempt-counter.ts";
import type { AttemptTable } from "./attempts.ts";

/** Queue limit. Further failures are dropped, because the database has been down for long. */
const capacity = 10_000;
/** Milliseconds between two attempts. */
const retryDelay = 1000;

/** A retry queue for failures that could not be counted, because the database did not answer. */
export class LateFailures {
  readonly #table: Pick<AttemptTable, "fail">;
  readonly #held: (readonly CountedLimit[])[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(table: Pick<AttemptTable, "fail">) {
    this.#table = table;
  }

  add(limits: readonly CountedLimit[]): void {
    if (this.#held.length < capacity) this.#held.push(limits);
    this.#timer ??= setTimeout(() => void this.#flush(), retryDelay).unref();
  }

  async #flush(): Promise<void> {
    for (let next = this.#held[0]; next !== undefined; next = this.#held[0]) {
      try {
        await this.#table.fail(next);
      } catch {
        break;
      }
      this.#held.shift();
    }
    this.#timer =
      this.#held.length === 0 ? undefined : setTimeout(() => void this.#flush(), retryDelay).unref();
  }
}

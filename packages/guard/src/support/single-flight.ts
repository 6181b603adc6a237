import { type Clocks, type Moment, momentOf, since } from "./clocks.ts";

/** In milliseconds: more than discovery and key set may take, each of which has a limit of its own. */
const longest = 15_000;

/**
 * One reading at a time, which whoever asks meanwhile joins. Where a platform ends with a request what the request
 * began, as Cloudflare's workers do, a reading may never settle: after a while nobody joins it any more.
 */
export class Joined<T> {
  readonly #clocks: Clocks;
  #current: { readonly begunAt: Moment; readonly outcome: Promise<T> } | undefined;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
  }

  get underWay(): Promise<T> | undefined {
    const current = this.#current;
    if (current === undefined || since(current.begunAt, this.#clocks) > longest) return undefined;
    return current.outcome;
  }

  /** Begins a reading, whatever is under way. */
  begin(read: () => Promise<T>): Promise<T> {
    const begunAt = momentOf(this.#clocks);
    const outcome = read().finally(() => {
      if (this.#current?.outcome === outcome) this.#current = undefined;
    });
    this.#current = { begunAt, outcome };
    return outcome;
  }
}

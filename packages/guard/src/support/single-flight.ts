import { type Clocks, type Moment, momentOf, since } from "./clocks.ts";
import { settlesWithin } from "./timers.ts";

// Internal to Latchkey's own packages: this subpath may change in any version.

/** A call in flight is shared for at most so long, in milliseconds. */
const longest = 15_000;

/**
 * Single-flight: concurrent callers share one call and its outcome, success or failure.
 *
 * A call that never settles is not shared for ever. A platform such as Cloudflare's workers ends whatever a
 * request began together with that request, and the promise stays pending. So after 15 seconds the next caller
 * begins anew. The reads of a guard have shorter timeouts. A slower call, such as the discovery of a slow realm, may
 * run twice at a time: its work must bear that.
 */
export class SingleFlight<T> {
  readonly #clocks: Clocks;
  #current: { readonly begunAt: Moment; readonly outcome: Promise<T> } | undefined;
  #next: Promise<T> | undefined;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
  }

  /** The call in flight. */
  get inFlight(): Promise<T> | undefined {
    const current = this.#current;
    if (current === undefined || since(current.begunAt, this.#clocks) > longest) return undefined;
    return current.outcome;
  }

  /** Joins the call in flight, or begins one. */
  join(work: () => Promise<T>): Promise<T> {
    return this.inFlight ?? this.begin(work);
  }

  /**
   * Joins the call after the one in flight, for a caller that must see the present state. That call begins when
   * the one in flight has settled, or is 15 seconds old. Callers that arrive until then share it.
   */
  joinNext(work: () => Promise<T>): Promise<T> {
    this.#next ??= this.#beginNext(work);
    return this.#next;
  }

  async #beginNext(work: () => Promise<T>): Promise<T> {
    await this.#endOfCurrent();
    this.#next = undefined;
    return await this.begin(work);
  }

  async #endOfCurrent(): Promise<void> {
    if (this.#current === undefined) return;
    const { begunAt, outcome } = this.#current;
    const settled = outcome.catch(() => {});
    await settlesWithin(settled, longest - since(begunAt, this.#clocks));
  }

  /** Begins a call, even if another is in flight. Callers from now on share the new one. */
  begin(work: () => Promise<T>): Promise<T> {
    const begunAt = momentOf(this.#clocks);
    const outcome = work().finally(() => {
      if (this.#current?.outcome === outcome) this.#current = undefined;
    });
    this.#current = { begunAt, outcome };
    return outcome;
  }
}

import type { SteadyClock } from "../../core/clock.ts";
import type { Form } from "../oauth/form-body.ts";
import { FormDigests } from "./form-digests.ts";

/** How long the result of a form is remembered, in milliseconds: the time between the clicks of a double click. */
export const repeatedFor = 10_000;

/** Remembered results, at most. The oldest one is forgotten first. */
const mostRemembered = 1_000;

interface Remembered<Result> {
  readonly owner: string;
  readonly result: Promise<Result>;
  /** When the result came. Undefined while it is awaited. */
  cameAt: number | undefined;
}

/**
 * The results of forms that can be sent once. After a double click the browser shows the answer to the second form, and
 * the first one has done the work. So the same form with the same values gets the same result for ten seconds. Another
 * success of the same owner ends this: after a change back, the form has work to do again.
 *
 * It is held in the memory of this process: a repeat that reaches another replica runs anew.
 */
export class RepeatedForms<Result> {
  readonly #steady: SteadyClock;
  readonly #digests = new FormDigests();
  /** By digest of the form, in the order of their first arrival. */
  readonly #remembered = new Map<string, Remembered<Result>>();

  constructor(steady: SteadyClock) {
    this.#steady = steady;
  }

  /**
   * Runs `use` once for a form. A form whose first arrival failed, or whose browser gave it up, runs anew.
   *
   * @param owner the session, link or account that the form changes: two owners never share a result
   */
  async once(
    [owner, form]: readonly [owner: string, form: Form],
    use: () => Promise<Result>,
  ): Promise<Result> {
    this.#purge();
    const key = this.#digests.of(owner, form);
    for (let earlier = this.#remembered.get(key); earlier; earlier = this.#remembered.get(key)) {
      try {
        return await earlier.result;
      } catch {
        this.#forget(key, earlier);
      }
    }
    const entry: Remembered<Result> = { owner, result: use(), cameAt: undefined };
    this.#remembered.set(key, entry);
    try {
      const result = await entry.result;
      this.#forgetOthers(entry);
      entry.cameAt = this.#steady();
      // Results and digests leave the memory also if no other form comes.
      setTimeout(() => this.#forget(key, entry), repeatedFor).unref();
      return result;
    } catch (error) {
      this.#forget(key, entry);
      throw error;
    }
  }

  #forget(key: string, entry: Remembered<Result>): void {
    if (this.#remembered.get(key) === entry) this.#remembered.delete(key);
  }

  /** Also those under way: which of two changes at once came last is unknown. */
  #forgetOthers(entry: Remembered<Result>): void {
    for (const [key, other] of this.#remembered)
      if (other.owner === entry.owner && other !== entry) this.#remembered.delete(key);
  }

  #purge(): void {
    const oldest = this.#steady() - repeatedFor;
    for (const [key, { cameAt }] of this.#remembered) {
      const isOld = cameAt !== undefined && cameAt <= oldest;
      if (isOld || this.#remembered.size >= mostRemembered) this.#remembered.delete(key);
    }
  }
}

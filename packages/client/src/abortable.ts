import { RequestAbortedError } from "./errors.ts";

/** Whichever is aborted first ends the waiting. */
export type Signals = readonly (AbortSignal | undefined)[];

/**
 * Begins something, and waits for it or for the first of some signals.
 *
 * @throws {RequestAbortedError} when a signal is aborted
 */
export function abortable<T>(signals: Signals, begin: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const aborted = () => signals.find((signal) => signal?.aborted);
    const abort = () => reject(new RequestAbortedError("Aborted", { cause: aborted()?.reason }));
    if (aborted()) return abort();
    for (const signal of signals) signal?.addEventListener("abort", abort);
    const over = () => {
      for (const signal of signals) signal?.removeEventListener("abort", abort);
    };
    begin().then(resolve, reject).finally(over);
  });
}

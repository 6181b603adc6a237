import { RequestAbortedError } from "./errors.ts";

/** Several signals for one wait. The first that is aborted ends it. */
export type Signals = readonly (AbortSignal | CloseSignal | undefined)[];

/**
 * The abort signal of a client, shared by all its calls. It is not an `AbortSignal`, because Node before 24
 * warns of a leak when one signal has more than ten listeners.
 */
export class CloseSignal extends Set<() => void> {
  /** Never set. An `AbortSignal` has one. */
  declare readonly reason?: unknown;
  aborted?: boolean;

  addEventListener(_type: "abort", listener: () => void): void {
    this.add(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    this.delete(listener);
  }

  abort(): void {
    this.aborted = true;
    for (const listener of this) listener();
  }
}

/**
 * Starts some work and waits for it. The wait ends early when a signal is aborted; the work goes on.
 *
 * @throws {RequestAbortedError} if a signal is aborted, also before the start
 */
export function abortable<T>(signals: Signals, begin: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const aborted = () => signals.find((signal) => signal?.aborted);
    const abort = () => reject(new RequestAbortedError("The call was aborted", { cause: aborted()?.reason }));
    if (aborted()) return abort();
    for (const signal of signals) signal?.addEventListener("abort", abort);
    const cleanUp = () => {
      for (const signal of signals) signal?.removeEventListener("abort", abort);
    };
    begin().then(resolve, reject).finally(cleanUp);
  });
}

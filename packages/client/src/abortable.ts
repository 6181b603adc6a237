import { RequestAbortedError } from "./errors.ts";

/** What ends a waiting. */
export interface SignalLike {
  readonly aborted?: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** Whichever is aborted first ends the waiting. */
export type Signals = readonly (SignalLike | undefined)[];

/** Ends all waiting of a client. No `AbortSignal`: Node before 24 warns of a leak where more than ten wait. */
export class CloseSignal extends Set<() => void> implements SignalLike {
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
 * Begins something, and waits for it or for the first of some signals.
 *
 * @throws {RequestAbortedError} when a signal is aborted
 */
export function abortable<T>(signals: Signals, begin: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const aborted = () => signals.find((signal) => signal?.aborted);
    const abort = () => reject(new RequestAbortedError("The call was aborted", { cause: aborted()?.reason }));
    if (aborted()) return abort();
    for (const signal of signals) signal?.addEventListener("abort", abort);
    const over = () => {
      for (const signal of signals) signal?.removeEventListener("abort", abort);
    };
    begin().then(resolve, reject).finally(over);
  });
}

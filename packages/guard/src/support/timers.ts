import type { CloseSignal } from "./close-signal.ts";

// Internal to Latchkey's own packages: this subpath may change in any version.

/**
 * Sleeps. On Node and Bun the timer does not keep the process alive.
 *
 * @param ms milliseconds
 * @param closed ends the sleep early, without an error
 */
export function sleep(ms: number, closed: CloseSignal): Promise<void> {
  return new Promise((resolve) => {
    if (closed.isClosed) return resolve();
    const timer: unknown = setTimeout(finish, ms);
    const forget = closed.onClose(finish);
    // Node and Bun return an object, other platforms a number without `unref`.
    if (typeof timer === "object" && timer !== null && "unref" in timer) {
      if (typeof timer.unref === "function") timer.unref();
    }
    function finish() {
      // The type of a timer differs between platforms; each clears its own.
      clearTimeout(timer as number);
      forget();
      resolve();
    }
  });
}

/**
 * Waits for a promise with a timeout. The timer keeps the process alive.
 *
 * @param ms milliseconds
 * @returns whether the promise was fulfilled in time
 * @throws the promise's own error
 */
export async function settlesWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

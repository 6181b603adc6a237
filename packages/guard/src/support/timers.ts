import type { CloseSignal } from "./close-signal.ts";

/**
 * Waits. A process that has nothing else to do may end meanwhile, where the platform can tell.
 *
 * @param ms milliseconds
 * @param closed ends the waiting early; it is no error
 */
export function sleep(ms: number, closed: CloseSignal): Promise<void> {
  return new Promise((resolve) => {
    if (closed.isClosed) return resolve();
    const timer: unknown = setTimeout(finish, ms);
    const forget = closed.onClose(finish);
    // Node and Bun give an object; where it is a number there is nothing to let go of.
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
 * Waits for something that somebody needs, so the process stays.
 *
 * @returns whether it happened in time
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

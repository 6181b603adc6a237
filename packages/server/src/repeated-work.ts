import { setTimeout as sleep } from "node:timers/promises";
import { LatchkeyError } from "./core/errors.ts";
import type { Log } from "./log.ts";

/** How long a start bears a database that does not answer, in milliseconds. */
const startTimeout = 10_000;

/** Runs work of a start, and again while the database is unavailable for a moment. */
export async function retryUnavailable<T>(work: () => Promise<T>): Promise<T> {
  for (const deadline = performance.now() + startTimeout; ; await sleep(100)) {
    try {
      return await work();
    } catch (error) {
      const unavailable = error instanceof LatchkeyError && error.code === "store_unavailable";
      if (!unavailable || performance.now() > deadline) throw error;
    }
  }
}

/**
 * Runs a job on a timer, one run at a time. A run that is due during another is skipped.
 *
 * @param interval milliseconds between two runs
 * @returns a function that stops the timer, and resolves after the current run
 */
export function repeat(
  interval: number,
  job: () => Promise<void>,
  log: Log,
  first: "now" | "later" = "later",
): () => Promise<void> {
  let current: Promise<void> | undefined;
  let failing = false;
  const succeeded = () => {
    if (failing) log.info("a background job works again");
    failing = false;
  };
  const failed = (error: unknown) => {
    // An outage lasts for many runs. Only its first failure is logged.
    const repeated = failing && error instanceof LatchkeyError;
    failing = true;
    if (!repeated) log.error({ err: error }, "a background job failed; it will be repeated");
  };
  const run = () => {
    current ??= job()
      .then(succeeded, failed)
      .finally(() => {
        current = undefined;
      });
  };
  if (first === "now") run();
  const timer = setInterval(run, interval);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await current;
  };
}

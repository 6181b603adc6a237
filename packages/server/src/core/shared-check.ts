import type { SteadyClock } from "./clock.ts";

/** How long an answer is shared after the check has ended, in milliseconds. */
const shared = { success: 1_000, failure: 250 };

/**
 * A single-flight check with a short memory: concurrent callers share one run, and later callers its answer for a
 * moment. However often strangers ask, the check runs about once a second.
 */
export function sharedCheck(check: () => Promise<void>, steady: SteadyClock): () => Promise<void> {
  let answer: Promise<void> | undefined;
  let staleAt = Number.POSITIVE_INFINITY;
  const keepFor = (duration: number) => () => {
    staleAt = steady() + duration;
  };
  return () => {
    if (answer !== undefined && steady() < staleAt) return answer;
    staleAt = Number.POSITIVE_INFINITY;
    answer = check();
    answer.then(keepFor(shared.success), keepFor(shared.failure));
    return answer;
  };
}

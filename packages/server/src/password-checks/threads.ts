import type { QueuedRequester } from "../core/passwords/fair-slots.ts";
import { JobThread } from "./job-thread.ts";
import type { JobKind, ThreadJobs } from "./thread-job.ts";

/** One thread for each kind of work, shared by the whole process: one kind never waits for another. */
const threads: { readonly [Kind in JobKind]: JobThread<Kind> } = {
  strength: new JobThread("strength"),
  crypt: new JobThread("crypt"),
};

/**
 * Runs a job in the thread of its kind, when the requester's turn comes.
 *
 * @throws {LatchkeyError} `overloaded` if too many jobs wait, or if the thread failed, stopped or took too long;
 * `client_gone`
 */
export function runInThread<Kind extends JobKind>(
  kind: Kind,
  input: ThreadJobs[Kind]["input"],
  requester: QueuedRequester,
): Promise<ThreadJobs[Kind]["output"]> {
  return threads[kind].run(input, requester);
}

/** Ends the threads that have no work, for a caller that has set its last password for long. */
export function releaseThreads(): void {
  for (const thread of Object.values(threads)) thread.release();
}

import { readdirSync, readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { setPriority } from "node:os";

/** Enough for a request to be answered first, not so much that hashing starves. */
const niceness = 10;

/**
 * Lets the thread that answers requests go before the threads that hash, so that a storm of logins does
 * not slow everyone else down. Only Linux gives threads priorities of their own; elsewhere nothing happens.
 */
export async function putHashingBehindRequests(): Promise<void> {
  if (process.platform !== "linux") return;
  // The pool's threads are there from its first use on.
  await stat("/proc/self/task");
  for (const thread of readdirSync("/proc/self/task")) {
    if (readFileSync(`/proc/self/task/${thread}/comm`, "utf8") === "libuv-worker\n") {
      setPriority(Number(thread), niceness);
    }
  }
}

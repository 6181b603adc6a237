import { readdirSync, readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { setPriority } from "node:os";

/** High enough that requests go first, low enough that hashing does not starve. */
const niceness = 10;

const ownThreads = "/proc/self/task";

/**
 * Lowers the priority of the threads that hash, so that a storm of logins does not slow other requests down. Linux alone
 * has priorities per thread; other systems are left as they are.
 */
export async function lowerHashPriority(): Promise<void> {
  if (process.platform !== "linux") return;
  // The first use of libuv's pool starts its threads.
  await stat(ownThreads);
  for (const thread of hashThreads()) setPriority(thread, niceness);
}

/**
 * The ids of the threads of libuv's pool.
 *
 * @param threads a folder with a folder for each thread, as `/proc` has it
 */
export function hashThreads(threads = ownThreads): number[] {
  return readdirSync(threads)
    .filter((thread) => nameOf(`${threads}/${thread}`) === "libuv-worker\n")
    .map(Number);
}

/** Undefined if the thread has ended since the folder was read, or ends now: threads of V8 come and go. */
function nameOf(thread: string): string | undefined {
  try {
    return readFileSync(`${thread}/comm`, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH"))
      return undefined;
    throw error;
  }
}

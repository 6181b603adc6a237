import { closeSync, fsyncSync, linkSync, openSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** The signals by which an operator or a service manager ends a command. */
const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The file exists already. Nothing was written. */
export class FileExists extends Error {}

/**
 * Writes a file by a draft, `FILE.PID.partial`. The file has mode 0600 from its creation on. Its name appears once it is
 * complete and on disk. A failure or a signal deletes the draft. After SIGKILL the next writer of the same file does.
 *
 * @param write fills the draft, which exists and is empty
 * @returns the size of the file, in bytes
 * @throws {FileExists} if the file exists. Errors of the system and of `write` are passed on
 */
export async function writeByDraft(target: string, write: (draft: string) => Promise<void>): Promise<number> {
  const draft = `${target}.${process.pid}.partial`;
  const end = (signal: NodeJS.Signals): void => {
    discard(draft);
    for (const one of endings) process.off(one, end);
    // The default action ends the process at once, whatever the writer does.
    process.kill(process.pid, signal);
  };
  for (const signal of endings) process.on(signal, end);
  try {
    if (statSync(target, { throwIfNoEntry: false }) !== undefined) throw new FileExists(target);
    discardLeftovers(target);
    closeSync(openSync(draft, "wx", 0o600));
    await write(draft);
    flush(draft);
    linkSync(draft, target);
    flush(resolve(dirname(target)));
    return statSync(target).size;
  } catch (error) {
    throw isTaken(error) ? new FileExists(target) : error;
  } finally {
    discard(draft);
    for (const signal of endings) process.off(signal, end);
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EEXIST";
}

/** Deletes a draft, and the journal of a database. Its own failure never hides the error of the writer. */
function discard(draft: string): void {
  try {
    for (const file of [draft, `${draft}-journal`, `${draft}-wal`, `${draft}-shm`])
      rmSync(file, { force: true });
  } catch {
    // A folder that did not let the draft be created does not let it be deleted either.
  }
}

/** Deletes the drafts of processes that were killed. */
function discardLeftovers(target: string): void {
  const folder = dirname(target);
  for (const name of readdirSync(folder)) {
    const rest = name.startsWith(`${basename(target)}.`) ? name.slice(basename(target).length) : "";
    const pid = Number(/^\.(\d{1,10})\.partial$/.exec(rest)?.[1] ?? Number.NaN);
    if (pid > 0 && (pid === process.pid || !isRunning(pid))) discard(join(folder, name));
  }
}

/** Whether a process exists. A process of another user exists too. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

function flush(path: string): void {
  const file = openSync(path, "r");
  fsyncSync(file);
  closeSync(file);
}

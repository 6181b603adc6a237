import { closeSync, fsyncSync, linkSync, openSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { UnusableDatabaseError } from "../database.ts";
import { isEngineError, unusableFile } from "./connection.ts";

/** The signals by which an operator or a service manager ends a backup. */
const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Copies a database beside a running server. `vacuum into` reads one snapshot. The engine's page-by-page backup would
 * restart at every write. The copy has mode 0600 from its creation on. Its name appears once it is complete and on
 * disk. Until then it is a draft, `FILE.PID.partial`. A failure or a signal deletes the draft. After SIGKILL the next
 * backup to the same file deletes it.
 *
 * @returns the size of the copy, in bytes
 * @throws {UnusableDatabaseError} if `target` exists, or the copy cannot be written
 */
export async function backUpSqlite(path: string, target: string): Promise<number> {
  const draft = `${target}.${process.pid}.partial`;
  const end = (signal: NodeJS.Signals): void => {
    discard(draft);
    for (const one of endings) process.off(one, end);
    // The default action ends the process at once, also if the thread is inside the engine.
    process.kill(process.pid, signal);
  };
  for (const signal of endings) process.on(signal, end);
  try {
    if (statSync(target, { throwIfNoEntry: false }) !== undefined) throw exists(target);
    discardLeftovers(target);
    assertReadable(path);
    // The engine accepts an existing empty file and keeps its mode.
    closeSync(openSync(draft, "wx", 0o600));
    await copy(path, draft);
    flush(draft);
    linkSync(draft, target);
    flush(resolve(dirname(target)));
    return statSync(target).size;
  } catch (error) {
    throw problem(target, error);
  } finally {
    discard(draft);
    for (const signal of endings) process.off(signal, end);
  }
}

/** Deletes a draft and its journal. Its own failure never hides the error of the backup. */
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

/** Opens a database and reads from it, so that a later error is about the copy. */
function assertReadable(path: string): void {
  try {
    using source = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
    source.prepare("select count(*) from sqlite_schema").get();
  } catch (error) {
    throw unusableFile(path, error);
  }
}

/** Copies in a thread of its own, because this one must hear signals. */
function copy(path: string, draft: string): Promise<void> {
  const thread = new Worker(`(${copyInThread})()`, { eval: true, workerData: { path, draft } });
  return new Promise((done, failed) => {
    thread.once("error", failed).once("exit", () => done());
  });
}

/** The program of the thread. It is sent as text, so it uses nothing from outside. */
function copyInThread(): void {
  const { DatabaseSync: Connection } = process.getBuiltinModule("node:sqlite");
  const { path, draft } = process.getBuiltinModule("node:worker_threads").workerData;
  const source = new Connection(path, { readOnly: true, timeout: 5000 });
  source.prepare("vacuum into ?").run(draft);
  source.close();
  const written = new Connection(draft);
  written.exec("pragma journal_mode = wal");
  written.close();
}

function flush(path: string): void {
  const file = openSync(path, "r");
  fsyncSync(file);
  closeSync(file);
}

function exists(target: string): UnusableDatabaseError {
  return new UnusableDatabaseError(`${target} exists: a backup never overwrites, so give another name`);
}

function problem(target: string, error: unknown): unknown {
  if (error instanceof Error && "code" in error && error.code === "EEXIST") return exists(target);
  if (!(error instanceof Error) || (!isEngineError(error) && !("syscall" in error))) return error;
  return new UnusableDatabaseError(
    `cannot back up to ${target} (${error.message}): check its folder, rights and space`,
    {
      cause: error,
    },
  );
}

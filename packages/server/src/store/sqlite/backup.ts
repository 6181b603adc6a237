import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { UnusableDatabaseError } from "../database.ts";
import { FileExists, writeByDraft } from "../draft-file.ts";
import { isEngineError, unusableFile } from "./connection.ts";

/**
 * Copies a database beside a running server. `vacuum into` reads one snapshot. The engine's page-by-page backup would
 * restart at every write. The copy is written by a draft, which a failure or a signal deletes.
 *
 * @returns the size of the copy, in bytes
 * @throws {UnusableDatabaseError} if `target` exists, or the copy cannot be written
 */
export async function backUpSqlite(path: string, target: string): Promise<number> {
  try {
    return await writeByDraft(target, async (draft) => {
      assertReadable(path);
      // The engine accepts an existing empty file and keeps its mode.
      await copy(path, draft);
    });
  } catch (error) {
    throw problem(target, error);
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

function problem(target: string, error: unknown): unknown {
  if (error instanceof FileExists)
    return new UnusableDatabaseError(`${target} exists: a backup never overwrites, so give another name`);
  if (!(error instanceof Error) || (!isEngineError(error) && !("syscall" in error))) return error;
  return new UnusableDatabaseError(
    `cannot back up to ${target} (${error.message}): check its folder, rights and space`,
    {
      cause: error,
    },
  );
}

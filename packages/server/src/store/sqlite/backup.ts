import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, rmSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { UnusableDatabaseError } from "../database.ts";
import { isEngineError, unusableFile } from "./connection.ts";

/**
 * Copies a database beside a running server. `vacuum into` reads one snapshot. The engine's page-by-page backup would
 * restart at every write. The copy has mode 0600 from its creation on. Its name appears once it is complete and on
 * disk.
 *
 * @returns the size of the copy, in bytes
 * @throws {UnusableDatabaseError} if `target` exists, or the copy cannot be written
 */
export function backUpSqlite(path: string, target: string): number {
  const draft = `${target}.${randomUUID()}`;
  try {
    if (statSync(target, { throwIfNoEntry: false }) !== undefined) throw exists(target);
    // The engine accepts an existing empty file and keeps its mode.
    closeSync(openSync(draft, "wx", 0o600));
    copy(path, draft);
    flush(draft);
    linkSync(draft, target);
    flush(resolve(dirname(target)));
    return statSync(target).size;
  } catch (error) {
    throw problem(target, error);
  } finally {
    discard(draft);
  }
}

/** Deletes a draft. Its own failure never hides the error of the backup. */
function discard(draft: string): void {
  try {
    rmSync(draft, { force: true });
  } catch {
    // A folder that did not let the draft be created does not let it be deleted either.
  }
}

/** Opens a database and reads from it, so that a later error is about the copy. */
function openSource(path: string): DatabaseSync {
  try {
    const source = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
    source.prepare("select count(*) from sqlite_schema").get();
    return source;
  } catch (error) {
    throw unusableFile(path, error);
  }
}

function copy(path: string, draft: string): void {
  using source = openSource(path);
  source.prepare("vacuum into ?").run(draft);
  using written = new DatabaseSync(draft);
  written.exec("pragma journal_mode = wal");
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

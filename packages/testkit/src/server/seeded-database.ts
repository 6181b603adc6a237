import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";

let template: Promise<string> | undefined;

/**
 * A database with users and without a server's keys, made once per worker. A start on a copy skips the migrations and
 * three lookups in the list of common passwords.
 *
 * @param make starts a server on an empty file, adds the users and closes it
 * @returns the path of the file
 */
export function databaseTemplate(make: (path: string) => Promise<void>): Promise<string> {
  template ??= makeTemplate(make);
  return template;
}

/** Copies the template, as if its users had been added at `now`. */
export function copyDatabase(from: string, to: string, now: number): void {
  copyFileSync(from, to);
  const copy = new DatabaseSync(to);
  copy.exec("pragma synchronous = off");
  copy.prepare("update users set created_at = ?").run(now);
  copy.prepare("update audit_events set at = ?").run(now);
  copy.close();
}

async function makeTemplate(make: (path: string) => Promise<void>): Promise<string> {
  const path = join(mkdtempSync(join(tmpdir(), "latchkey-template-")), "latchkey.db");
  process.once("exit", () => rmSync(dirname(path), { recursive: true, force: true }));
  await make(path);
  const made = new DatabaseSync(path);
  // Keys and clocks belong to a server. Each server makes its own.
  made.exec("delete from signing_keys; delete from deletion_time; pragma wal_checkpoint(truncate)");
  made.close();
  return path;
}

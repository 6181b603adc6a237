import { randomBytes, randomUUID } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { assertPlain, decodeUtf8, SettingProblem, trimmed } from "./setting-text.ts";

/** The file with the secret is gone, and the database was made with it; or it holds no secret. */
export class LostSecretError extends Error {}

/** A secret has no fewer characters, here as in `LATCHKEY_SECRET`. */
const minLength = 32;

/** The database is gone, and files that belong to it are still there. */
export class LostDatabaseError extends Error {}

/**
 * Refuses a place from which the database has vanished: a new one would have no users and hide the loss.
 *
 * @throws {LostDatabaseError} if files of a database are there, and the database is missing or empty
 */
export function assertNotLost(databasePath: string): void {
  // All are made after the database, so they are looked for first: another process may be making all of them.
  const left = [".secret", "-wal", ".reserve"]
    .map((end) => `${databasePath}${end}`)
    .filter((path) => sizeOf(path) > 0);
  if (left.length === 0 || sizeOf(databasePath) > 0) return;
  const files = left.join(" and ");
  throw new LostDatabaseError(
    `${databasePath} is gone or empty, but ${files} ${left.length === 1 ? "belongs" : "belong"} to it: ` +
      `bring the database back, or move ${files} away to begin anew`,
  );
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * The secret that is kept beside a database file, made where there is none. Of several processes that
 * start together all get the same one.
 *
 * @param databasePath the secret's file is this path with `.secret` behind it, mode 0600
 * @param inUse whether the database holds keys that a secret sealed
 * @throws {LostSecretError} when the secret is in use but its file is not there, or when the file holds no secret
 */
export function keptSecret(databasePath: string, inUse: boolean): string {
  const path = `${databasePath}.secret`;
  const secret = readSecret(path);
  if (secret !== undefined) return secret;
  if (inUse) {
    throw new LostSecretError(
      `${path} is gone, and the signing keys in the database cannot be opened without it: ` +
        "bring the file back, or set LATCHKEY_SECRET to what it held",
    );
  }
  return makeSecret(path);
}

function makeSecret(path: string): string {
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flush: true });
  try {
    // A link appears whole or not at all, and never over another's.
    linkSync(draft, path);
    flushFolder(dirname(path));
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const secret = readSecret(path);
  if (secret === undefined)
    throw new LostSecretError(`${path} is empty: bring its content back, or delete it`);
  return secret;
}

/** Without this a power cut could keep the database and lose the name of the secret's file. */
function flushFolder(path: string): void {
  const folder = openSync(path, "r");
  fsyncSync(folder);
  closeSync(folder);
}

function readSecret(path: string): string | undefined {
  try {
    const secret = trimmed(decodeUtf8(readFileSync(path)));
    assertPlain(secret);
    if (secret !== "" && secret.length < minLength)
      throw new SettingProblem(`it has fewer than ${minLength} characters: bring its content back`);
    return secret || undefined;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    if (error instanceof SettingProblem) throw new LostSecretError(`${path}: ${error.message}`);
    throw error;
  }
}

/** Whether the system refused something for this reason, such as `ENOENT`. */
function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

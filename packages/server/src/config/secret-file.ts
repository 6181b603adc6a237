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
import type { KeyStore } from "../core/tokens/key-store.ts";
import type { DatabasePlace } from "../store/place.ts";
import { assertPlain, decodeUtf8, SettingProblem, trimmed } from "./setting-text.ts";

/** A database or its secret is missing or unreadable, and other files show that it existed. */
export class LostFileError extends Error {}

/** Minimum length of a secret in characters, the same as of `LATCHKEY_SECRET`. */
const minLength = 32;

/**
 * Refuses to start beside the remains of a database. A new database would have no users and hide the loss.
 *
 * @throws {LostFileError} if the database is missing or empty, and files that belong to it exist
 */
export function assertNotLost(databasePath: string): void {
  // All are created after the database. They are read first, because another process may be creating everything now.
  const left = [".secret", "-wal", ".reserve"]
    .map((end) => `${databasePath}${end}`)
    .filter((path) => sizeOf(path) > 0);
  if (left.length === 0 || sizeOf(databasePath) > 0) return;
  const files = left.join(" and ");
  throw new LostFileError(
    `${databasePath} is missing or empty, but ${files} ${left.length === 1 ? "belongs" : "belong"} to it: ` +
      `restore the database, or move ${files} away to start with a new one`,
  );
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * The secret without LATCHKEY_SECRET. Beside a database file it is read from a file, or created: the path of the
 * database plus `.secret`, mode 0600. Processes that start together all get the same secret. Any other database gets a
 * secret for this run alone.
 *
 * @param keys the signing keys in the database, sealed with the secret
 * @throws {LostFileError} if the secret is in use and its file is missing, or if the file holds no secret
 */
export async function generatedSecret(place: DatabasePlace, keys: Pick<KeyStore, "all">): Promise<string> {
  if (place.engine !== "sqlite") return newSecret();
  // Read before the file, because another process may be creating both: first the file, then the keys.
  const inUse = (await keys.all()).length > 0;
  const path = `${place.path}.secret`;
  const secret = readSecret(path);
  if (secret !== undefined) return secret;
  if (inUse) {
    throw new LostFileError(
      `${path} is missing, and the signing keys in the database cannot be decrypted without it: ` +
        "restore the file, or set LATCHKEY_SECRET to its content; " +
        "if it is lost, `latchkey key reset` makes new signing keys, and everybody signs in again",
    );
  }
  return createSecret(path);
}

function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

function createSecret(path: string): string {
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, `${newSecret()}\n`, { mode: 0o600, flush: true });
  try {
    // A link appears with its content or not at all, and never replaces another process's file.
    linkSync(draft, path);
    flushFolder(dirname(path));
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const secret = readSecret(path);
  if (secret === undefined) throw new LostFileError(`${path} is empty: restore its content, or delete it`);
  return secret;
}

/** Without this, a power cut could keep the database and lose the directory entry of the secret. */
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
      throw new SettingProblem(`it has fewer than ${minLength} characters: restore its content`);
    return secret || undefined;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    if (error instanceof SettingProblem) throw new LostFileError(`${path}: ${error.message}`);
    throw error;
  }
}

/** Whether an error of the system has this code, such as `ENOENT`. */
function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

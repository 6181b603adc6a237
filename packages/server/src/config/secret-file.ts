import { randomBytes, randomUUID } from "node:crypto";
import {
  closeSync,
  fchownSync,
  fsyncSync,
  linkSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Secrets } from "../core/tokens/derived-keys.ts";
import type { KeyStore } from "../core/tokens/key-store.ts";
import type { DatabasePlace } from "../store/place.ts";
import { readPrivateFile } from "./private-file.ts";
import { minSecretLength, secretLines } from "./secret-lines.ts";
import { decodeUtf8, SettingProblem } from "./setting-text.ts";

/** A database or its secret is missing or unreadable, and other files show that it existed. */
export class LostFileError extends Error {}

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
 * The secrets without LATCHKEY_SECRET. Beside a database file they are read from a file, or one is created: the path of
 * the database plus `.secret`, mode 0600. Processes that start together all get the same secret. Any other database gets
 * a secret for this run alone.
 *
 * @param keys the signing keys in the database, sealed with the secret
 * @throws {LostFileError} if the secret is in use and its file is missing, or if the file is unsafe or holds no secret
 */
export async function generatedSecrets(place: DatabasePlace, keys: Pick<KeyStore, "all">): Promise<Secrets> {
  if (place.engine !== "sqlite") return [newSecret()];
  // Read before the file, because another process may be creating both: first the file, then the keys.
  const inUse = (await keys.all()).length > 0;
  const path = `${place.path}.secret`;
  const secrets = readSecrets(path);
  if (secrets !== undefined) return secrets;
  if (inUse) {
    throw new LostFileError(
      `${path} is missing, and the signing keys in the database cannot be decrypted without it: ` +
        "restore the file, or set LATCHKEY_SECRET to its content; " +
        "if it is lost, `latchkey key reset` makes new signing keys, and everybody signs in again",
    );
  }
  return createSecret(path, place.path);
}

function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

function createSecret(path: string, database: string): Secrets {
  const draft = `${path}.${randomUUID()}`;
  try {
    writeSecret(draft, database);
    // A link appears with its content or not at all, and never replaces another process's file.
    linkSync(draft, path);
    flushFolder(dirname(path));
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const secrets = readSecrets(path);
  if (secrets === undefined) throw new LostFileError(`${path} was deleted during the start: start again`);
  return secrets;
}

/** Writes a secret, readable by the owner of the database alone if root writes it. A service runs as that owner. */
function writeSecret(path: string, database: string): void {
  const file = openSync(path, "wx", 0o600);
  try {
    writeFileSync(file, `${newSecret()}\n`);
    if (process.geteuid?.() === 0) giveToOwner(file, database);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function giveToOwner(file: number, database: string): void {
  const { uid, gid } = statSync(database);
  try {
    if (uid !== 0) fchownSync(file, uid, gid);
  } catch {
    // Root of a container may lack this right. The next start of the service names the cure.
  }
}

/** Without this, a power cut could keep the database and lose the directory entry of the secret. */
function flushFolder(path: string): void {
  const folder = openSync(path, "r");
  fsyncSync(folder);
  closeSync(folder);
}

const tooShort =
  `it has fewer than ${minSecretLength} characters: restore its content; ` +
  "if it is lost, delete the file, and `latchkey key reset` makes new signing keys, and everybody signs in again";

/** The secrets in the file beside a database. Undefined if the file does not exist yet. */
export function secretsBeside(place: DatabasePlace): Secrets | undefined {
  return place.engine === "sqlite" ? readSecrets(`${place.path}.secret`) : undefined;
}

/** @returns undefined if the file does not exist */
function readSecrets(path: string): Secrets | undefined {
  try {
    const bytes = readPrivateFile(path);
    return bytes === undefined ? undefined : secretLines(decodeUtf8(bytes), tooShort);
  } catch (error) {
    if (error instanceof SettingProblem) throw new LostFileError(`${path}: ${error.message}`);
    throw error;
  }
}

/** Whether an error of the system has this code, such as `ENOENT`. */
function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

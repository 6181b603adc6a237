import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from "node:fs";
import { SettingProblem } from "./setting-text.ts";

/** The largest file of a secret, in bytes. A larger one is another file, named by mistake. */
const mostBytes = 65_536;

const group = { read: 0o040, write: 0o030 };
const others = 0o007;

/**
 * Reads a file that only the server may read. Others must have no right to it. A group must have none either, unless
 * the file belongs to root. Root gives a service access by a group, as Kubernetes does with `fsGroup`. Newer versions of
 * systemd do it by an access list. Both show as mode 0440. PostgreSQL has the same rule for private keys.
 *
 * @returns undefined if the file does not exist
 * @throws {SettingProblem} with cause and cure, for any other fault. The caller adds the path in front
 */
export function readPrivateFile(path: string): Buffer | undefined {
  let file: number;
  try {
    // Without O_NONBLOCK, a pipe without a writer would stop the start.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unreadable(path, code);
  }
  try {
    assertSafe(path, fstatSync(file));
    return readFileSync(file);
  } catch (error) {
    throw error instanceof SettingProblem ? error : unreadable(path, codeOf(error));
  } finally {
    closeSync(file);
  }
}

function assertSafe(path: string, found: Stats): void {
  if (found.isDirectory()) throw new SettingProblem("it is a directory: name the file in it");
  if (!found.isFile()) throw new SettingProblem("it is not a regular file: write the secret into one");
  // Windows has no modes.
  if (process.platform !== "win32") assertMode(path, found);
  if (found.size === 0) throw new SettingProblem("it is empty: write the secret into it");
  if (found.size > mostBytes)
    throw new SettingProblem(
      `it has ${found.size} bytes, more than ${mostBytes}: name a file with the secret alone`,
    );
}

function assertMode(path: string, { mode, uid }: Stats): void {
  const forbidden = others | group.write | (uid === 0 ? 0 : group.read);
  if ((mode & forbidden) === 0) return;
  const readers = (mode & others) === 0 ? "its group" : "other users";
  const shown = (mode & 0o777).toString(8).padStart(4, "0");
  throw new SettingProblem(`${readers} can read or write it (mode ${shown}): ${repair(path, uid)}`);
}

/** The commands that leave the file to the user of the server alone. */
function repair(path: string, owner?: number): string {
  const user = process.geteuid?.();
  const chown = user === undefined || user === owner ? "" : `\`chown ${user} ${path}\` and `;
  return `${chown}\`chmod 600 ${path}\``;
}

function unreadable(path: string, code: string): SettingProblem {
  return new SettingProblem(`it cannot be read (${code}): ${repair(path)}`);
}

/** The code of an error of the system, such as `EACCES`. */
function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

import { closeSync, existsSync, openSync, realpathSync, statSync } from "node:fs";
import { UnusableDatabaseError } from "../database.ts";

/** The rights of other users to read and write. A group is the operator's choice, such as one for backups. */
const others = 0o006;

/**
 * Creates an empty database file with mode 0600, whatever the umask. The engine takes it for a new database, and gives
 * its mode to the write-ahead log.
 */
export function createPrivate(path: string): void {
  try {
    if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
  } catch {
    // The engine fails at the same path, and its error names the cause.
  }
}

/** A line with the cure, if other users can read or write the database, its write-ahead log or the index of the log. */
export function exposures(path: string): string[] {
  // Windows has no modes.
  if (process.platform === "win32" || !existsSync(path)) return [];
  const target = realpathSync(path);
  const open = [target, `${target}-wal`, `${target}-shm`].filter((file) => (modeOf(file) & others) !== 0);
  const [first] = open;
  if (first === undefined) return [];
  const mode = (modeOf(first) & 0o777).toString(8).padStart(4, "0");
  return [`other users can read or write ${first} (mode ${mode}): \`chmod o-rwx ${open.join(" ")}\``];
}

/** @throws {UnusableDatabaseError} if other users can read or write the database */
export function assertPrivate(path: string): void {
  const [line] = exposures(path);
  if (line !== undefined) throw new UnusableDatabaseError(line);
}

function modeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
}

import { statSync } from "node:fs";

/** A file as it was when the database was opened. */
interface OpenedFile {
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
}

/**
 * The database, its write-ahead log and the index of that log, as they were opened. A process keeps an open file when
 * its name is gone: it reads and writes on, and all of that is lost at its end.
 */
export type OpenedFiles = readonly OpenedFile[];

/**
 * Call it when a connection has read once: from then on the three files stay the same until the last one closes.
 *
 * @param database the path that was given, which may be a symbolic link
 * @param target the file behind it: the other two are beside that one
 */
export function openedFiles(database: string, target: string): OpenedFiles {
  return [database, `${target}-wal`, `${target}-shm`].flatMap((path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? [] : [{ path, dev: found.dev, ino: found.ino }];
  });
}

/** Names a file that differs from the opened one, and the cure. Undefined if all are in place. */
export function displacement(files: OpenedFiles): string | undefined {
  const lost = files.find(({ path, dev, ino }) => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.dev !== dev || found.ino !== ino;
  });
  if (lost === undefined) return undefined;
  return lost === files[0]
    ? `${lost.path} was moved, deleted or replaced under the running server: bring the file back, or put a database in its place and restart`
    : `${lost.path} was moved, deleted or replaced under the running server: stop the server with SIGTERM, which writes all into the database, and start it again`;
}

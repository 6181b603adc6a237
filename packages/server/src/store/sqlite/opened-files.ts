import { statSync } from "node:fs";

/**
 * The database, its write-ahead log and the index of that log, each with its identity at the opening. A process can go
 * on writing to a deleted file, and everything it writes is lost at its end.
 */
export type OpenedFiles = readonly { readonly path: string; readonly dev: number; readonly ino: number }[];

/**
 * Call it after the first read of a connection: from then on the three files stay the same until the last connection
 * closes.
 *
 * @param database the configured path, which may be a symbolic link
 * @param target the file behind the link; the other two files are beside it
 */
export function openedFiles(database: string, target: string): OpenedFiles {
  return [database, `${target}-wal`, `${target}-shm`].flatMap((path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? [] : [{ path, dev: found.dev, ino: found.ino }];
  });
}

/** Names a file that was moved or replaced since then, and the repair. Undefined if all are in place. */
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

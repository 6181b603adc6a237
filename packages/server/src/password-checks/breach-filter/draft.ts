import { rmSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** The signals by which an operator or a service manager ends a command. */
const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Writes a file that gets its name when it is complete and on disk. An existing file is replaced in one step, so a reader
 * sees the old one or the new one. A failure or a signal deletes the draft.
 */
export async function writeDraft(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const draft = `${path}.${process.pid}.partial`;
  const end = (signal: NodeJS.Signals): void => {
    rmSync(draft, { force: true });
    for (const one of endings) process.off(one, end);
    process.kill(process.pid, signal);
  };
  for (const signal of endings) process.on(signal, end);
  try {
    await using file = await open(draft, "w", 0o644);
    await write(file);
    await file.sync();
    await rename(draft, path);
    await syncFolder(path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    for (const signal of endings) process.off(signal, end);
  }
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(dirname(resolve(path)));
  await folder.sync();
}

import { randomUUID } from "node:crypto";
import { readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { TokenStore } from "./stores.ts";
import { tokensIn } from "./stores.ts";

/**
 * Keeps tokens in a file that is for its owner alone (mode 0600): for command lines.
 *
 * @param path in a folder that exists
 * @example new AuthClient({ store: fileStore(`${homedir()}/.config/notes/session.json`) })
 */
export function fileStore(path: string): TokenStore {
  const file = resolve(path);
  return {
    name: file,
    get: async () => tokensIn(await readFile(file, "utf8").catch(unlessThere)),
    async set(tokens) {
      if (!tokens) return forget(file);
      // A concurrent reader sees the old tokens or the new ones, whole.
      const next = `${file}.${randomUUID()}`;
      try {
        await writeFile(next, JSON.stringify(tokens), { mode: 0o600, flag: "wx", flush: true });
        await rename(next, file);
      } catch (error) {
        // A disk that refuses this too must not hide the first error.
        await rm(next, { force: true }).catch(() => {});
        throw error;
      }
    },
  };
}

/** Removes the file. One that must stay, such as a mount or a file in a folder without rights, is emptied. */
async function forget(file: string): Promise<void> {
  try {
    await rm(file, { force: true });
  } catch (error) {
    await truncate(file).catch(() => {
      throw error;
    });
  }
}

function unlessThere(error: unknown): null {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
  throw error;
}

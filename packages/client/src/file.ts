import { randomUUID } from "node:crypto";
import { readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type TokenStore, tokensIn } from "./stores.ts";

/**
 * A token store for command lines: one file that only its owner can read (mode 0600).
 *
 * @param path its folder must exist
 * @example new AuthClient({ store: fileStore(`${homedir()}/.config/notes/session.json`) })
 */
export function fileStore(path: string): TokenStore {
  const file = resolve(path);
  return {
    name: file,
    get: async () => tokensIn(await readFile(file, "utf8").catch(nullIfMissing)),
    async set(tokens) {
      if (!tokens) return forget(file);
      // Renaming is atomic: a concurrent reader sees either the old tokens or the new ones.
      const next = `${file}.${randomUUID()}`;
      try {
        await writeFile(next, JSON.stringify(tokens), { mode: 0o600, flag: "wx", flush: true });
        await rename(next, file);
      } catch (error) {
        // If this fails as well, the first error is still the one that is thrown.
        await rm(next, { force: true }).catch(() => {});
        throw error;
      }
    },
  };
}

/** Removes the file. If that is not permitted, as for a mount, the file is emptied instead. */
async function forget(file: string): Promise<void> {
  try {
    await rm(file, { force: true });
  } catch (error) {
    await truncate(file).catch(() => {
      throw error;
    });
  }
}

function nullIfMissing(error: unknown): null {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
  throw error;
}

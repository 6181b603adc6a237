import { randomUUID } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
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
      if (!tokens) return rm(file, { force: true });
      // Whoever reads at the same moment sees the old tokens or the new ones, whole.
      const next = `${file}.${randomUUID()}`;
      try {
        await writeFile(next, JSON.stringify(tokens), { mode: 0o600, flag: "wx" });
        await rename(next, file);
      } catch (error) {
        await rm(next, { force: true });
        throw error;
      }
    },
  };
}

function unlessThere(error: unknown): null {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
  throw error;
}

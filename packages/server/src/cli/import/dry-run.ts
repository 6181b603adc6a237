import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noPassword } from "../../core/passwords/foreign-hash.ts";
import type { UserImport } from "../../core/people/user-import.ts";
import { openStore } from "../../store/store.ts";

/**
 * A table that imports into a database of its own, which is deleted afterwards. So a dry run also finds rows of the file
 * that meet each other. Hashes are left out.
 */
export async function dryRun(table: UserImport): Promise<UserImport & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-import-"));
  const store = await openStore({
    place: { engine: "sqlite", path: join(folder, "dry-run.db") },
    owner: "command",
    onAudit: () => {},
  });
  const own = await store.userImport();
  return {
    async taken(rows) {
      const [there, here] = await Promise.all([table.taken(rows), own.taken(rows)]);
      return { users: [...there.users, ...here.users], spentIds: there.spentIds };
    },
    add: (users) =>
      own.add(
        users.map((user) => ({ ...user, passwordHash: noPassword })),
        [],
      ),
    async [Symbol.asyncDispose]() {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

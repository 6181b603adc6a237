import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { operator } from "../core/audit-events.ts";
import { PersonProblem } from "../core/people/person-problem.ts";
import type { UserChanges } from "../core/people/user-changes.ts";
import { FileExists, writeByDraft } from "../store/draft-file.ts";
import { print, visibleJson } from "../terminal.ts";
import type { Given } from "./command.ts";
import { CommandProblem } from "./failures.ts";
import { withUsers } from "./user-access.ts";

/** `latchkey user export`: on standard output, or into a file that the operator alone can read. */
export function exportUser({ config, words: [name = ""], option }: Given<"output">): Promise<void> {
  const file = option("output");
  return withUsers(config, async ({ userChanges }) => {
    const { id, shown } = await foundOrRemoved(userChanges, name);
    const parts = visibleParts(await userChanges.exportUser(id, { by: operator }));
    if (file === undefined) return pipeline(parts, process.stdout, { end: false });
    const size = await writeFile(file, parts);
    print(`${file}: all that is known of ${shown}, ${size} bytes, mode 0600`);
  });
}

/** A user by name. A removed user has no name left, so the text is taken for the id. */
async function foundOrRemoved(changes: UserChanges, name: string): Promise<{ id: string; shown: string }> {
  try {
    const { id, username } = await changes.byName(name);
    return { id, shown: username };
  } catch (error) {
    if (!(error instanceof PersonProblem) || error.code !== "not_found") throw error;
    return { id: name, shown: `the removed user ${name}` };
  }
}

/** A part is a whole value of JSON, so no character is cut in two. */
async function* visibleParts(parts: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const part of parts) yield visibleJson(part);
}

async function writeFile(file: string, parts: AsyncIterable<string>): Promise<number> {
  try {
    return await writeByDraft(file, (draft) => pipeline(parts, createWriteStream(draft)));
  } catch (error) {
    if (error instanceof FileExists)
      throw new CommandProblem(`${file} exists: an export never overwrites, so give another name`);
    if (!(error instanceof Error) || !("syscall" in error)) throw error;
    throw new CommandProblem(`cannot write ${file} (${error.message}): check its folder, rights and space`);
  }
}

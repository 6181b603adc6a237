import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { operator } from "../core/audit-events.ts";
import { findUser } from "../core/people/find-user.ts";
import { FileExists, writeByDraft } from "../store/draft-file.ts";
import { print, visibleJson } from "../terminal.ts";
import type { Given } from "./command.ts";
import { CommandProblem } from "./failures.ts";
import { withUsers } from "./user-access.ts";

/** `latchkey user export`: on standard output, or into a file that the operator alone can read. */
export function exportUser({ config, words: [name = ""], option }: Given<"output">): Promise<void> {
  const file = option("output");
  return withUsers(config, async ({ store, userChanges }) => {
    const { id, username = `the removed user ${id}` } = await findUser(store, name);
    const parts = visibleParts(await userChanges.exportUser(id, { by: operator }));
    if (file === undefined) return pipeline(parts, process.stdout, { end: false });
    const size = await writeFile(file, parts);
    print(`${file}: all that is known of ${username}, ${size} bytes, mode 0600`);
  });
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

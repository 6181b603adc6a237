import { chmod, stat } from "node:fs/promises";
import { integer } from "../config/values.ts";
import { buildFilter } from "../password-checks/breach-filter/build.ts";
import { UnusableFilter } from "../password-checks/breach-filter/format.ts";
import { FileExists, writeByDraft } from "../store/draft-file.ts";
import { print } from "../terminal.ts";
import type { Given } from "./command.ts";
import { CommandProblem, readArgument } from "./failures.ts";

/** `latchkey breaches build`: makes the file of `LATCHKEY_BREACH_FILTER` from a list of hashes. */
export async function buildBreachFilter({
  words: [hashes = ""],
  option,
}: Given<"output" | "at-least">): Promise<void> {
  const output = option("output") ?? "";
  const least = option("at-least") ?? "1";
  const atLeast = readArgument(`--at-least=${least}`, () => integer(1, 999_999_999)(least));
  await stat(hashes).catch((error: unknown) => {
    throw new CommandProblem(`cannot read ${hashes} (${codeOf(error)}): name a file of SHA-1 hashes`);
  });
  try {
    let passwords = 0;
    const bytes = await writeByDraft(output, async (draft) => {
      ({ passwords } = await buildFilter(hashes, draft, { atLeast }));
      // The server may run as another user, and the filter holds no secret.
      await chmod(draft, 0o644);
    });
    print(`${output}: ${passwords} passwords in ${bytes} bytes`);
    print(
      `Set LATCHKEY_BREACH_FILTER=${output} and restart the server. A new file moved to this name counts at once.`,
    );
  } catch (error) {
    throw problem(hashes, output, error);
  }
}

function problem(hashes: string, output: string, error: unknown): unknown {
  if (error instanceof UnusableFilter) return new CommandProblem(`${hashes} ${error.message}`);
  if (error instanceof FileExists)
    return new CommandProblem(`${output} exists: give another name, and move the new file over the old one`);
  if (!(error instanceof Error && "code" in error)) return error;
  return new CommandProblem(
    `cannot build ${output} from ${hashes} (${codeOf(error)}): check folder, rights and space`,
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

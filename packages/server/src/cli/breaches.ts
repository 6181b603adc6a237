import { stat } from "node:fs/promises";
import { integer } from "../config/values.ts";
import { buildFilter } from "../password-checks/breach-filter/build.ts";
import { fileBytes, UnusableFilter } from "../password-checks/breach-filter/format.ts";
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
  try {
    await stat(hashes);
  } catch (error) {
    throw new CommandProblem(`cannot read ${hashes} (${codeOf(error)}): name a file of SHA-1 hashes`);
  }
  try {
    const size = await buildFilter(hashes, output, { atLeast });
    print(`${output}: ${size.passwords} passwords in ${fileBytes(size)} bytes`);
    print(
      `Set LATCHKEY_BREACH_FILTER=${output} and restart the server. A later file of the same name counts at once.`,
    );
  } catch (error) {
    if (error instanceof UnusableFilter) throw new CommandProblem(`${hashes} ${error.message}`);
    if (error instanceof Error && "code" in error)
      throw new CommandProblem(
        `cannot build ${output} from ${hashes} (${codeOf(error)}): check folder, rights and space`,
      );
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

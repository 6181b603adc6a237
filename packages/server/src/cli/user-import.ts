import { statSync } from "node:fs";
import { operator } from "../core/audit-events.ts";
import { type ImportFigures, type ImportRow, importUsers } from "../core/people/import-users.ts";
import { type ImportedUser, type RowProblem, withPassword } from "../core/people/imported-user.ts";
import { administers } from "../core/people/powers.ts";
import type { UserImport } from "../core/people/user-import.ts";
import { print } from "../terminal.ts";
import type { Given } from "./command.ts";
import { assertLocal, withDatabase } from "./database-access.ts";
import { CommandProblem } from "./failures.ts";
import { converterOf } from "./import/converters.ts";
import { dryRun } from "./import/dry-run.ts";
import { PasswordFile } from "./import/password-file.ts";
import type { Converter } from "./import/products/converter.ts";
import { Progress } from "./import/progress.ts";
import { readRecords } from "./import/records.ts";

type Options = "from" | "passwords" | "hash-config" | "role" | "dry-run";

/** `latchkey user import`. The exit status is 1 if a row failed. */
export async function importCommand({ config, words: [file = ""], ...given }: Given<Options>): Promise<void> {
  assertLocal(config, "users", "import them");
  const converter = converterOf(given.option("from"), given.option("hash-config"));
  const passwordFile = given.option("passwords");
  using passwords = passwordFile === undefined ? undefined : await PasswordFile.read(passwordFile, converter);
  const roles = given.options("role").length > 0 ? given.options("role") : ["user"];
  const isDryRun = given.has("dry-run");
  await withDatabase(config, async ({ store }) => {
    const table = await store.userImport();
    if (!isDryRun) return report(await importFile(file, converter, passwords, { table, roles }), "imported");
    await using trial = await dryRun(table);
    report(await importFile(file, converter, passwords, { table: trial, roles }), "would import");
  });
}

interface Figures extends ImportFigures {
  /** Rows that the converter leaves out, such as anonymous accounts. */
  readonly leftOut: number;
  /** Rows with a role at the other product that has the name of one that administers Latchkey. */
  readonly stripped: number;
}

async function importFile(
  file: string,
  converter: Converter,
  passwords: PasswordFile | undefined,
  { table, roles }: { readonly table: UserImport; readonly roles: readonly string[] },
): Promise<Figures> {
  const progress = new Progress(statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  let [leftOut, stripped, seen] = [0, 0, 0];

  async function* rows(): AsyncGenerator<ImportRow> {
    for await (const record of readRecords(file, converter, (bytes) => progress.advance(bytes))) {
      const { line } = record;
      seen++;
      const user = "problem" in record ? record : converter.user(record.fields);
      if (user === undefined) leftOut++;
      else if ("problem" in record || "problem" in user) yield { line, user };
      else yield { line, user: complete(user, converter.passwordKey?.(record.fields)) };
    }
  }

  function complete(user: ImportedUser, key: string | undefined): ImportedUser | RowProblem {
    const hash = key === undefined ? undefined : passwords?.hashOf(key);
    const harmless = user.roles?.filter((role) => !administers(role));
    // A role of another product must not make an administrator of Latchkey.
    if (converter.product !== "Latchkey" && harmless?.length !== user.roles?.length) {
      stripped++;
      return complete({ ...user, roles: harmless?.length === 0 ? undefined : harmless }, key);
    }
    return hash === undefined ? user : withPassword(user, hash);
  }

  try {
    const figures = await importUsers(rows(), {
      table,
      roles,
      clock: Date.now,
      by: operator,
      onProblem: (line, problem) => progress.line(`line ${line}: ${problem}`),
      onProgress: ({ added, there, failed }) => progress.show(`${added + there + failed} users`),
    });
    if (seen === 0) throw new CommandProblem(`${file} has no users: check its form and --from`);
    return { ...figures, leftOut, stripped };
  } finally {
    progress.clear();
  }
}

function report({ added, there, failed, leftOut, stripped }: Figures, verb: string): void {
  print(
    `${verb} ${counted(added, "user")}`,
    ...(there > 0 ? [`${there} ${there === 1 ? "is" : "are"} there already`] : []),
    ...(leftOut > 0 ? [`${counted(leftOut, "row")} left out: no user with an address`] : []),
    ...(stripped > 0
      ? [`${counted(stripped, "user")} lost a role that administers Latchkey (admin, support, auditor)`]
      : []),
    ...(failed > 0 ? [`${counted(failed, "row")} failed: mend the file and run the command again`] : []),
  );
  if (failed > 0) process.exitCode = 1;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

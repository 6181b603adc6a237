import type { Config } from "../config/config.ts";
import { duration } from "../config/values.ts";
import { eventOf, operator } from "../core/audit-events.ts";
import { checkDatabase } from "../store/check.ts";
import { shownPlace } from "../store/place.ts";
import { backUpSqlite } from "../store/sqlite/backup.ts";
import { print } from "../terminal.ts";
import { parseArguments } from "./arguments.ts";
import { assertShared, withDatabase } from "./database-access.ts";
import { readArgument, UsageProblem } from "./failures.ts";

const usage =
  "usage: latchkey database check  or  latchkey database backup FILE  or  latchkey database prune --keep DURATION";

/** `latchkey database check|backup|prune`. */
export async function databaseCommand(args: readonly string[]): Promise<void> {
  const { config, words, option } = parseArguments(args, ["keep"]);
  const [verb, file, ...more] = words;
  const keep = option("keep");
  if (more.length > 0) throw new UsageProblem(usage);
  if (verb === "prune" && file === undefined && keep !== undefined) return prune(config, keep);
  if (verb === "backup" && file !== undefined && keep === undefined) return backUp(config, file);
  if (verb === "check" && file === undefined && keep === undefined) return check(config);
  throw new UsageProblem(usage);
}

/** Deletes old audit events. This works on a full volume too. */
async function prune(config: Config, keep: string): Promise<void> {
  const age = readArgument(`--keep=${keep}`, () => duration(60_000)(keep));
  await withDatabase(config, async ({ store }) => {
    const events = await store.auditBound.prune(age, eventOf("audit.pruned", Date.now(), operator));
    print(`${events} audit events older than ${keep} were deleted`);
  });
}

/** Copies a SQLite database, also of a running server. PostgreSQL has its own tool. */
function backUp({ database, secret }: Config, file: string): void {
  assertShared(database);
  if (database.engine === "postgres") {
    throw new UsageProblem(
      `back up PostgreSQL with \`pg_dump --format=custom --file ${file} --dbname '${shownPlace(database)}'\`, which asks for the password`,
    );
  }
  if (database.engine !== "sqlite") return;
  print(`${file}: ${backUpSqlite(database.path, file)} bytes, mode 0600`);
  const kept = secret === undefined ? `the file ${database.path}.secret` : "LATCHKEY_SECRET";
  print(`Keep ${kept} too, in another place: without it the signing keys in the copy cannot be decrypted.`);
}

/** Prints facts and faults. The exit status is 0 without faults, else 1. */
async function check(config: Config): Promise<void> {
  assertShared(config.database);
  const { facts, problems } = await checkDatabase(config.database, config.databaseTimeout);
  const width = Math.max(...facts.map(([name]) => name.length));
  for (const [name, value] of facts) print(`${name.padEnd(width)}  ${value}`);
  print("");
  if (problems.length === 0) print("nothing is wrong");
  for (const problem of problems) print(`wrong: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}

import { duration } from "../config/values.ts";
import { eventOf, operator } from "../core/audit-events.ts";
import { checkDatabase } from "../store/check.ts";
import { shownPlace } from "../store/place.ts";
import { backUpSqlite } from "../store/sqlite/backup.ts";
import { print } from "../terminal.ts";
import type { Given } from "./command.ts";
import { assertShared, withDatabase } from "./database-access.ts";
import { CommandProblem, readArgument } from "./failures.ts";

/** `latchkey database prune`: deletes old audit events. This works on a full volume too. */
export async function prune({ config, option }: Given<"keep">): Promise<void> {
  const keep = option("keep") ?? "";
  const age = readArgument(`--keep=${keep}`, () => duration(60_000)(keep));
  await withDatabase(config, async ({ store }) => {
    const events = await store.auditBound.prune(age, eventOf("audit.pruned", Date.now(), operator));
    print(`${events} audit events older than ${keep} were deleted`);
  });
}

/** `latchkey database backup`: copies a SQLite database, also of a running server. PostgreSQL has its own tool. */
export async function backUp({
  config: { database, secret },
  words: [file = ""],
}: Given<never>): Promise<void> {
  assertShared(database);
  if (database.engine === "postgres") {
    throw new CommandProblem(
      `back up PostgreSQL with \`pg_dump --format=custom --file ${file} --dbname '${shownPlace(database)}'\`, which asks for the password`,
    );
  }
  if (database.engine !== "sqlite") return;
  print(`${file}: ${await backUpSqlite(database.path, file)} bytes, mode 0600`);
  const kept = secret === undefined ? `the file ${database.path}.secret` : "LATCHKEY_SECRET";
  print(`Keep ${kept} too, in another place: without it the signing keys in the copy cannot be decrypted.`);
}

/** `latchkey database check`: prints facts and faults. The exit status is 0 without faults, else 1. */
export async function checkCommand({ config }: Given<never>): Promise<void> {
  assertShared(config.database);
  const { database, databaseTimeout, hashMemory: memory, hashIterations: iterations } = config;
  const cost = { memory, iterations, parallelism: 1 };
  const { facts, problems } = await checkDatabase(database, databaseTimeout, cost);
  const width = Math.max(...facts.map(([name]) => name.length));
  for (const [name, value] of facts) print(`${name.padEnd(width)}  ${value}`);
  print("");
  if (problems.length === 0) print("nothing is wrong");
  for (const problem of problems) print(`wrong: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}

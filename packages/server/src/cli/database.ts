import { checkDatabase } from "../store/database-check.ts";
import { parseArguments } from "./arguments.ts";
import { UsageProblem } from "./failures.ts";
import { print } from "./print.ts";
import { assertSeen } from "./workbench.ts";

/** `latchkey database check`: status 0 where nothing is wrong, else 1. */
export async function databaseCommand(args: readonly string[]): Promise<void> {
  const { config, words } = parseArguments(args, process.env);
  if (words.join(" ") !== "check") throw new UsageProblem("usage: latchkey database check");
  assertSeen(config.database);
  const { facts, problems } = await checkDatabase(config.database, config.databaseTimeout);
  const width = Math.max(...facts.map(([name]) => name.length));
  for (const [name, value] of facts) print(`${name.padEnd(width)}  ${value}`);
  print("");
  if (problems.length === 0) print("nothing is wrong");
  for (const problem of problems) print(`wrong: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}

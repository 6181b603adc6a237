import type { Config } from "../config.ts";
import { eventOf, operator } from "../core/audit-events.ts";
import { duration } from "../setting-types.ts";
import { checkDatabase } from "../store/database-check.ts";
import { parseArguments } from "./arguments.ts";
import { UsageProblem } from "./failures.ts";
import { print } from "./print.ts";
import { assertSeen, withWorkbench } from "./workbench.ts";

const usage = "usage: latchkey database check  or  latchkey database prune --keep DURATION";

/** `latchkey database check|prune`. */
export async function databaseCommand(args: readonly string[]): Promise<void> {
  const { config, words, option } = parseArguments(args, process.env, ["keep"]);
  const keep = option("keep");
  if (words.join(" ") === "prune" && keep !== undefined) return pruneAudit(config, keep);
  if (words.join(" ") === "check" && keep === undefined) return check(config);
  throw new UsageProblem(usage);
}

/** `latchkey database prune`: deletes old audit events, which works on a full volume too. */
async function pruneAudit(config: Config, keep: string): Promise<void> {
  const age = duration(60_000)(keep);
  await withWorkbench(config, async ({ store }) => {
    const now = Date.now();
    const events = await store.auditBound.prune(now - age, eventOf("audit.pruned", now, operator));
    print(`${events} audit events older than ${keep} were deleted`);
  });
}

/** `latchkey database check`: status 0 where nothing is wrong, else 1. */
async function check(config: Config): Promise<void> {
  assertSeen(config.database);
  const { facts, problems } = await checkDatabase(config.database, config.databaseTimeout);
  const width = Math.max(...facts.map(([name]) => name.length));
  for (const [name, value] of facts) print(`${name.padEnd(width)}  ${value.replaceAll(/\p{C}/gu, "?")}`);
  print("");
  if (problems.length === 0) print("nothing is wrong");
  for (const problem of problems) print(`wrong: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}

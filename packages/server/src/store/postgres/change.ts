import type { ClientBase } from "pg";
import type { Step } from "../database.ts";

/**
 * Makes a change in one transaction: all steps travel together, then the verdict. Without a step that must change a
 * row there is nothing to wait for, and the verdict travels with them.
 *
 * @returns false where a step that had to change a row changed none
 * @throws what the engine says; then nothing was changed, unless the connection broke at the very end
 */
export async function makeChange(client: ClientBase, steps: readonly Step[]): Promise<boolean> {
  const sent = [client.query("begin"), ...steps.map((step) => client.query(prepared(step.sql, step.values)))];
  const conditional = steps.some(({ must }) => must);
  if (!conditional) sent.push(client.query("commit"));
  const committed = verdict(steps, await Promise.allSettled(sent));
  if (conditional) await client.query(committed ? "commit" : "rollback");
  return committed;
}

/** Steps behind one that was in vain have run as well: what they say does not count. */
function verdict(
  steps: readonly Step[],
  [begun, ...outcomes]: readonly PromiseSettledResult<{ rowCount: number | null }>[],
): boolean {
  if (begun?.status === "rejected") throw begun.reason;
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === "rejected") throw outcome.reason;
    if (steps[index]?.must && outcome.value.rowCount === 0) return false;
  }
  return true;
}

/** A query that a connection keeps prepared. */
export function prepared(
  sql: string,
  values: readonly unknown[],
): { name: string; text: string; values: unknown[] } {
  return { name: nameOf(sql), text: sql, values: values.map(postgresValue) };
}

const names = new Map<string, string>();

function nameOf(sql: string): string {
  let name = names.get(sql);
  if (name === undefined) {
    name = `s${names.size}`;
    names.set(sql, name);
  }
  return name;
}

/** The values that PostgreSQL takes. Text with a NUL it does not, and no name or id that exists has one. */
function postgresValue(value: unknown): unknown {
  return typeof value === "string" ? value.replaceAll("\0", "\u{fffd}") : value;
}

import type { ClientBase } from "pg";
import type { Step } from "../database.ts";

/**
 * Makes a change in one transaction. All steps are sent together, then `commit` or `rollback`. Without a step that must
 * change a row, `commit` is sent with the steps.
 *
 * @returns false if a step that had to change a row changed none
 * @throws an error of the engine: the change was rolled back, or its outcome is unknown after a broken connection
 */
export async function makeChange(client: ClientBase, steps: readonly Step[]): Promise<boolean> {
  const sent = [client.query("begin"), ...steps.map((step) => client.query(prepared(step.sql, step.values)))];
  const conditional = steps.some(({ must }) => must);
  if (!conditional) sent.push(client.query("commit"));
  const committed = verdict(steps, await Promise.allSettled(sent));
  if (conditional) await client.query(committed ? "commit" : "rollback");
  return committed;
}

/** Steps after one that changed no row have run as well. Their results are ignored. */
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

/** A query that stays prepared on its connection. */
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

/** PostgreSQL refuses text with a NUL. No stored name or id has one, so the replacement finds nothing. */
function postgresValue(value: unknown): unknown {
  return typeof value === "string" ? value.replaceAll("\0", "\u{fffd}") : value;
}

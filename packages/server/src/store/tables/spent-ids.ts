import { createHash } from "node:crypto";
import { type Step, step } from "../database.ts";
import { statement } from "../statement.ts";

/** Whether an id belonged to a user that was removed. The digest is a value of the statement, named `:digest`. */
export const isSpent = "exists (select 1 from spent_ids where digest = :digest)";

/** SHA-256 of a user's id, in hex. The id itself holds a name, which an erased user must leave nowhere. */
export function digestOf(id: string): string {
  return createHash("sha256").update(id).digest("hex");
}

const spend = statement<{ digest: string }>(`
  insert into spent_ids (digest) values (:digest) on conflict do nothing`);

/** Remembers for ever that an id was given. */
export function spendingStep(id: string): Step {
  return step(spend, { digest: digestOf(id) });
}

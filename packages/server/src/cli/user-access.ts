import type { Config } from "../config/config.ts";
import { operator } from "../core/audit-events.ts";
import { LastAdministratorProblem } from "../core/people/person-problem.ts";
import type { ChangeOptions } from "../core/people/user-changes.ts";
import { confirm } from "./confirmation.ts";
import { assertLocal, type DatabaseAccess, withDatabase } from "./database-access.ts";

/** Opens the users of a server with local users. */
export async function withUsers(
  config: Config,
  work: (access: DatabaseAccess) => Promise<void>,
): Promise<void> {
  assertLocal(config, "users", "add, change and disable them");
  await withDatabase(config, work);
}

/** The operator's changes: all powers, and `cli` in the audit trail. */
export const byOperator: ChangeOptions = { by: operator };

/**
 * Makes a change that the last administrator may be named in. The database refuses it in the same step that would make
 * it, so concurrent commands cannot pass unasked. Then the operator is asked.
 */
export async function askedAtLast<T>(
  sure: boolean,
  change: (options: ChangeOptions) => Promise<T>,
): Promise<T> {
  if (sure) return change({ ...byOperator, last: "go on" });
  try {
    return await change(byOperator);
  } catch (error) {
    if (!(error instanceof LastAdministratorProblem)) throw error;
    await confirm(error.message);
    return change({ ...byOperator, last: "go on" });
  }
}

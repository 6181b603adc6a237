import { must, type Step } from "../database.ts";
import { statement } from "../statement.ts";
import { isLocal } from "./user-rows.ts";

// An update, and no read: it keeps the row as it is until the end of the change, on both engines.
const asSeen = statement<{ id: string; version: number | null }>(`
  update users set version = version where users.id = :id and ${isLocal}
    and (cast(:version as bigint) is null or users.version = :version)`);

/**
 * A step for a change that does not write the user's own row. It rolls the change back if the user is gone, or has
 * another version than the author of the change has seen. It comes first, as the user's row does in every change.
 *
 * @param version Default: any
 */
export function userAsSeen(id: string, version: number | undefined): Step {
  return must(asSeen, { id, version: version ?? null });
}

import { type RawBuilder, sql } from "kysely";
import type { RefreshTokenState } from "../core/sessions.ts";
import { type Database, must, type Step } from "./database.ts";
import { statement } from "./statement.ts";

/**
 * The step that counts one repeat of a refresh token, or changes nothing once `most` are counted. The look and the
 * count are one statement, so a race cannot exceed the bound, on one replica or on many. The count names its
 * generation: a rotation need not reset it, and neither must a replica that does not know it.
 *
 * @param isLive whether a session lives at a time in milliseconds since the epoch
 */
export function repeatStep(
  database: Database,
  isLive: (at: RawBuilder<number>) => RawBuilder<boolean>,
): (id: string, current: RefreshTokenState, most: number, at: number) => Step {
  const repeat = statement<RefreshTokenState & { id: string; most: number; at: number }>()((slot) =>
    database.query
      .updateTable("sessions")
      .set({
        repeats: sql<number>`case when repeats_generation = generation then repeats + 1 else 1 end`,
        repeats_generation: sql<number>`generation`,
      })
      .where("id", "=", slot("id"))
      .where("generation", "=", slot("generation"))
      .where("refresh_hash", "=", slot("refreshHash"))
      .where(isLive(slot("at")))
      .where((row) =>
        row.or([row("repeats_generation", "!=", row.ref("generation")), row("repeats", "<", slot("most"))]),
      ),
  );
  return (id, current, most, at) => must(repeat, { id, ...current, most, at });
}

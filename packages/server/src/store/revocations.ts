import type { RevocationLog } from "../core/ports.ts";
import type { Database } from "./database.ts";
import { statement } from "./statement.ts";

/** The numbered list of ended sessions in the database. */
export function revocationTable(database: Database): RevocationLog {
  const after = statement<{ cursor: number }>()((slot) =>
    database.query
      .selectFrom("revocations")
      .select(["number", "session_id as sessionId", "until"])
      .where("number", ">", slot("cursor"))
      .orderBy("number"),
  );
  return { after: (cursor) => database.all(after, { cursor }) };
}

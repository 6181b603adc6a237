import type { AuditEvent } from "../core/audit-events.ts";
import type { Link, Session, Sessions, SessionUse } from "../core/ports.ts";
import type { AuditWriter } from "./audit.ts";
import { type Database, must, one, type Step, step, type Urgency } from "./database.ts";
import { repeatStep } from "./refresh-repeats.ts";
import type { SessionTable } from "./schema.ts";
import { asText, later, statement } from "./statement.ts";

/** Sessions in the database. */
export function sessionTable(database: Database, audit: AuditWriter): Sessions {
  const { query } = database;
  const byId = statement<{ id: string }>()((slot) =>
    query.selectFrom("sessions").select(columns).where("id", "=", slot("id")),
  );
  const live = statement<{ at: number; userId: string | null }>()((slot) =>
    query
      .selectFrom("sessions")
      .select(columns)
      .where("ended_at", "is", null)
      .where("expires_at", ">", slot("at"))
      .where((where) =>
        where.or([where("user_id", "=", slot("userId")), where(asText(slot("userId")), "is", null)]),
      )
      .orderBy("created_at"),
  );
  const liveOf = statement<{ userId: string; at: number; most: number }>()((slot) =>
    query
      .selectFrom("sessions")
      .select(columns)
      .where("user_id", "=", slot("userId"))
      .where("ended_at", "is", null)
      .where("expires_at", ">", slot("at"))
      .orderBy("last_used_at", "desc")
      .orderBy("created_at", "desc")
      .limit(slot("most")),
  );
  const countLive = statement<{ userId: string; at: number; except: string }>()((slot) =>
    query
      .selectFrom("sessions")
      .select((row) => row.fn.countAll<number>().as("count"))
      .where("user_id", "=", slot("userId"))
      .where("id", "!=", slot("except"))
      .where("ended_at", "is", null)
      .where("expires_at", ">", slot("at")),
  );
  const open = statement<Session & { revision: number }>()((slot) =>
    query
      .insertInto("sessions")
      .columns(columns)
      .expression((from) =>
        from
          .selectFrom("users")
          .select([
            slot("id").as("id"),
            "users.id as user_id",
            slot("generation").as("generation"),
            slot("refreshHash").as("refresh_hash"),
            slot("rotatedAt").as("rotated_at"),
            slot("createdAt").as("created_at"),
            slot("lastUsedAt").as("last_used_at"),
            slot("expiresAt").as("expires_at"),
            slot("endsAt").as("ends_at"),
            slot("tokensUntil").as("tokens_until"),
            slot("endedAt").as("ended_at"),
            slot("addressBucket").as("address_bucket"),
          ])
          .where("users.id", "=", slot("userId"))
          .where("users.active", "=", 1)
          .where("users.revision", "=", slot("revision"))
          .$if(database.writers === "many", (user) => user.forShare()),
      ),
  );
  const rotate = statement<
    SessionUse & { id: string; from: number; fromHash: string; to: number; toHash: string }
  >()((slot) =>
    query
      .updateTable("sessions")
      .set({
        generation: slot("to"),
        refresh_hash: slot("toHash"),
        rotated_at: slot("lastUsedAt"),
        last_used_at: slot("lastUsedAt"),
        expires_at: slot("expiresAt"),
        tokens_until: later("tokens_until", slot("tokensUntil")),
      })
      .where("id", "=", slot("id"))
      .where("generation", "=", slot("from"))
      .where("refresh_hash", "=", slot("fromHash"))
      .where("ended_at", "is", null)
      .where("expires_at", ">", slot("lastUsedAt")),
  );
  const repeat = repeatStep(database);
  const touch = statement<SessionUse & { id: string }>()((slot) =>
    query
      .updateTable("sessions")
      .set({
        last_used_at: slot("lastUsedAt"),
        expires_at: slot("expiresAt"),
        tokens_until: later("tokens_until", slot("tokensUntil")),
      })
      .where("id", "=", slot("id"))
      .where("ended_at", "is", null)
      .where("expires_at", ">", slot("lastUsedAt")),
  );
  const end = statement<{ id: string; at: number }>()((slot) =>
    query
      .updateTable("sessions")
      .set({ ended_at: slot("at") })
      .where("id", "=", slot("id"))
      .where("ended_at", "is", null),
  );
  const revoke = statement<{ id: string }>()((slot) =>
    query
      .insertInto("revocations")
      .columns(["session_id", "until"])
      .expression((from) =>
        from.selectFrom("sessions").select(["id", "tokens_until"]).where("id", "=", slot("id")),
      ),
  );
  const endAll = endAllSteps(database);
  const openedFrom = statement<{ userId: string; addressBucket: string }>()((slot) =>
    query
      .selectFrom("sessions")
      .select("id")
      .where("user_id", "=", slot("userId"))
      .where("address_bucket", "=", slot("addressBucket"))
      .limit(1),
  );

  async function change(
    steps: readonly Step[],
    events: readonly AuditEvent[],
    urgency?: Urgency,
  ): Promise<boolean> {
    const made = await database.commit([...steps, ...audit.steps(...events)], urgency);
    if (made) audit.announce(...events);
    return made;
  }

  return {
    async byId(id) {
      const row = await one(database, byId, { id });
      return row && sessionOf(row);
    },
    live: async (at, userId) => (await database.all(live, { at, userId: userId ?? null })).map(sessionOf),
    liveOf: async (userId, at, most) => (await database.all(liveOf, { userId, at, most })).map(sessionOf),
    // No session has an empty id.
    countLive: async (userId, at, except = "") =>
      Number((await one(database, countLive, { userId, at, except }))?.count ?? 0),
    open: (session, revision, event) => change([must(open, { ...session, revision })], [event]),
    rotate: (id: string, from: Link, to: Link, use, event) =>
      change(
        [
          must(rotate, {
            id,
            ...use,
            from: from.generation,
            fromHash: from.refreshHash,
            to: to.generation,
            toHash: to.refreshHash,
          }),
        ],
        [event],
      ),
    repeat: (id, current, most, event) => change([repeat(id, current, most, event.at)], [event]),
    touch: (id, use, event) => change([must(touch, { id, ...use })], [event]),
    end(id, events) {
      const at = Math.max(...events.map((event) => event.at));
      return change([must(end, { id, at }), step(revoke, { id })], events, "urgent");
    },
    endAll(userId, event, keep) {
      const { first, ended } = endAll(userId, event.at, keep);
      return change([...first, { ...ended, must: true }], [event], "urgent");
    },
    openedFrom: async (userId, addressBucket) =>
      (await one(database, openedFrom, { userId, addressBucket })) !== undefined,
  };
}

const columns = [
  "id",
  "user_id",
  "generation",
  "refresh_hash",
  "rotated_at",
  "created_at",
  "last_used_at",
  "expires_at",
  "ends_at",
  "tokens_until",
  "ended_at",
  "address_bucket",
] as const satisfies readonly (keyof SessionTable)[];

/** The steps that end every live session of a user but one, each with its place among the revocations. */
export function endAllSteps(
  database: Database,
): (userId: string, at: number, keep?: string) => { readonly first: Step[]; readonly ended: Step } {
  // Between the two steps no session may be opened, and until when tokens are valid must not change. Rows are always
  // locked in one order, so that no two changes wait for each other.
  const holdUser = statement<{ userId: string }>()((slot) =>
    database.query.selectFrom("users").select("id").where("id", "=", slot("userId")).forUpdate(),
  );
  const hold = statement<{ userId: string; keep: string }>()((slot) =>
    database.query
      .selectFrom("sessions")
      .select("id")
      .where("user_id", "=", slot("userId"))
      .where("id", "!=", slot("keep"))
      .where("ended_at", "is", null)
      .orderBy("id")
      .forUpdate(),
  );
  const revokeAll = statement<{ userId: string; at: number; keep: string }>()((slot) =>
    database.query
      .insertInto("revocations")
      .columns(["session_id", "until"])
      .expression((from) =>
        from
          .selectFrom("sessions")
          .select(["id", "tokens_until"])
          .where("user_id", "=", slot("userId"))
          .where("id", "!=", slot("keep"))
          .where("tokens_until", ">", slot("at"))
          .where("ended_at", "is", null),
      ),
  );
  const endAll = statement<{ userId: string; at: number; keep: string }>()((slot) =>
    database.query
      .updateTable("sessions")
      .set({ ended_at: slot("at") })
      .where("user_id", "=", slot("userId"))
      .where("id", "!=", slot("keep"))
      .where("ended_at", "is", null),
  );
  // No session has an empty id.
  return (userId, at, keep = "") => {
    const held = [step(holdUser, { userId }), step(hold, { userId, keep })];
    return {
      first: [...(database.writers === "many" ? held : []), step(revokeAll, { userId, at, keep })],
      ended: step(endAll, { userId, at, keep }),
    };
  };
}

function sessionOf(row: Pick<SessionTable, (typeof columns)[number]>): Session {
  return {
    id: row.id,
    userId: row.user_id,
    generation: row.generation,
    refreshHash: row.refresh_hash,
    rotatedAt: row.rotated_at,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    endsAt: row.ends_at,
    tokensUntil: row.tokens_until,
    endedAt: row.ended_at,
    addressBucket: row.address_bucket,
  };
}

import { type RawBuilder, sql } from "kysely";
import type { AuditEvent } from "../core/audit-events.ts";
import { type SessionLife, withLife } from "../core/session-life.ts";
import type { RefreshTokenState, Session, Sessions, SessionUse } from "../core/sessions.ts";
import type { AuditWriter } from "./audit.ts";
import { type Database, must, one, type Step, step, type Urgency } from "./database.ts";
import { repeatStep } from "./refresh-repeats.ts";
import type { SessionTable } from "./schema.ts";
import type { SessionEndings } from "./session-endings.ts";
import { asText, later, statement } from "./statement.ts";

/** Sessions in the database. */
export function sessionTable(
  database: Database,
  audit: AuditWriter,
  endings: Pick<SessionEndings, "begin">,
  settings: SessionLife = unbounded,
): Sessions {
  const { query } = database;
  /** Whether a session lives, also by settings that were lowered since it was opened or used. */
  const isLive = (at: RawBuilder<number>) => sql<boolean>`sessions.ended_at is null
    and sessions.expires_at > ${at}
    and sessions.created_at + ${sql.lit(settings.max)} > ${at}
    and sessions.last_used_at + ${sql.lit(settings.idle)} > ${at}
    and ${isOfThisEpoch}`;
  const sessionOf = (row: SessionRow) => withLife(fromRow(row), settings);
  const byId = statement<{ id: string }>()((slot) =>
    query
      .selectFrom("sessions")
      .select([...timeless, endedAt.as("ended_at")])
      .where("id", "=", slot("id")),
  );
  const live = statement<{ at: number; userId: string | null }>()((slot) =>
    query
      .selectFrom("sessions")
      .select(columns)
      .where(isLive(slot("at")))
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
      .where(isLive(slot("at")))
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
      .where(isLive(slot("at"))),
  );
  const open = statement<Session & { revision: number }>()((slot) =>
    query
      .insertInto("sessions")
      .columns([...columns, "epoch"])
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
            slot("addressBucket").as("address_bucket"),
            slot("endedAt").as("ended_at"),
            "users.epoch as epoch",
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
      .where(isLive(slot("lastUsedAt"))),
  );
  const repeat = repeatStep(database, isLive);
  const touch = statement<SessionUse & { id: string }>()((slot) =>
    query
      .updateTable("sessions")
      .set({
        last_used_at: slot("lastUsedAt"),
        expires_at: slot("expiresAt"),
        tokens_until: later("tokens_until", slot("tokensUntil")),
      })
      .where("id", "=", slot("id"))
      .where(isLive(slot("lastUsedAt"))),
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
  const liveIds = (userId: RawBuilder<string>, at: RawBuilder<number>) =>
    query
      .selectFrom("sessions")
      .select("id")
      .where("user_id", "=", userId)
      .where(isLive(at))
      .limit(mostSurplus);
  const beyond = statement<{ userId: string; at: number; kept: number }>()((slot) =>
    liveIds(slot("userId"), slot("at")).orderBy("created_at", "desc").offset(slot("kept")),
  );
  const oldest = statement<{ userId: string; at: number }>()((slot) =>
    liveIds(slot("userId"), slot("at")).orderBy("created_at"),
  );
  const openBut = statement<{ userId: string; keep: string }>()((slot) =>
    query
      .selectFrom("sessions")
      .select("id")
      .where("user_id", "=", slot("userId"))
      .where("id", "!=", slot("keep"))
      .where("ended_at", "is", null)
      .where(isOfThisEpoch)
      .limit(1),
  );
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
    async surplus(userId, at, kept) {
      const rows = await database.all(beyond, { userId, at, kept });
      // With more of them than one login ends, those behind the kept ones are not the oldest.
      const ends = rows.length < mostSurplus ? rows : await database.all(oldest, { userId, at });
      return ends.map(({ id }) => id);
    },
    open(session, revision, event, instead = []) {
      const ends = [
        ...instead.map(({ sessionId: id = "", at }) => step(end, { id, at })),
        ...instead.map(({ sessionId: id = "" }) => step(revoke, { id })),
      ];
      return change([must(open, { ...session, revision }), ...ends], [event, ...instead]);
    },
    rotate: (id: string, from: RefreshTokenState, to: RefreshTokenState, use, event) =>
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
    async endAll(userId, event, keep) {
      if ((await one(database, openBut, { userId, keep: keep ?? "" })) === undefined) return false;
      return change(endings.begin(userId, event.at, keep), [event], "urgent");
    },
    openedFrom: async (userId, addressBucket) =>
      (await one(database, openedFrom, { userId, addressBucket })) !== undefined,
  };
}

/** For a store that is opened without settings: the times that are stored with a session count alone. */
const unbounded: SessionLife = { idle: 8.64e15, max: 8.64e15 };

/** A login ends at most so many of a user's oldest sessions. */
const mostSurplus = 10;

const timeless = [
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
  "address_bucket",
] as const satisfies readonly (keyof SessionTable)[];

const columns = [...timeless, "ended_at"] as const;
type SessionRow = Pick<SessionTable, (typeof columns)[number]>;

/** Whether a session is of its user's epoch: all sessions of earlier ones have ended. */
const isOfThisEpoch = sql<boolean>`sessions.epoch >= (select users.epoch from users where users.id = sessions.user_id)`;

/** When a session ended; one of an earlier epoch, whose row is not marked yet, ended after its last use. */
const endedAt = sql<number | null>`case when sessions.ended_at is null and not ${isOfThisEpoch}
  then sessions.last_used_at else sessions.ended_at end`;

function fromRow(row: SessionRow): Session {
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

import { sql } from "kysely";
import { type Database, must, type Step, step } from "./database.ts";
import { asText, statement } from "./statement.ts";

/** Sessions of one user that one change marks as ended. Other writers wait for one batch at most. */
const batchSize = 1000;

/**
 * Ending all sessions of a user. One row, the user's, ends them at once: sessions of an earlier epoch are refused. The
 * rows of the sessions and their revocations, which guards need, follow in batches of a bounded size.
 */
export interface SessionEndings {
  /** Ends every session of the user but `keep` at once. The first batch comes with it. */
  begin(userId: string, at: number, keep?: string): readonly Step[];
  /** The same for a removed user. The row is deleted as soon as few sessions are left. */
  beginRemoval(userId: string, at: number): readonly Step[];
  /** Marks what is left of all users, batch by batch. Any number of processes may do it, at any time. */
  finish(at: number): Promise<void>;
}

/** The endings of sessions in the database. */
export function sessionEndings(database: Database): SessionEndings {
  const { query, writers } = database;
  const raise = statement<{ userId: string }>()((slot) =>
    query
      .updateTable("users")
      .set((set) => ({ epoch: set("epoch", "+", 1) }))
      .where("id", "=", slot("userId")),
  );
  const carryOver = statement<{ userId: string; keep: string }>()((slot) =>
    query
      .updateTable("sessions")
      .set((set) => ({ epoch: set("epoch", "+", 1) }))
      .where("id", "=", slot("keep"))
      .where("user_id", "=", slot("userId"))
      .where("ended_at", "is", null)
      .where("epoch", "=", (user) =>
        user
          .selectFrom("users")
          .select((row) => row("users.epoch", "-", 1).as("before"))
          .where("users.id", "=", slot("userId")),
      ),
  );
  // Of two changes to one user one waits for the other, so that an ending is never forgotten.
  const holdUser = statement<{ userId: string }>()((slot) =>
    query.selectFrom("users").select("id").where("id", "=", slot("userId")).forUpdate(),
  );
  const forget = statement<{ userId: string }>()((slot) =>
    query.deleteFrom("sessions").where("id", "in", (session) =>
      session
        .selectFrom("sessions")
        .select("id")
        .where("user_id", "=", (user) =>
          user
            .selectFrom("users")
            .select("users.id")
            .where("id", "=", slot("userId"))
            .where("removed", "=", 1),
        )
        .where("ended_at", "is not", null)
        .limit(batchSize),
    ),
  );
  const removeUser = statement<{ userId: string }>()((slot) =>
    query
      .deleteFrom("users")
      .where("id", "=", slot("userId"))
      .where("removed", "=", 1)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom("sessions")
              .select("id")
              .where("user_id", "=", slot("userId"))
              .where("ended_at", "is", null),
          ),
        ),
      )
      .where(
        ({ selectFrom }) =>
          selectFrom(
            selectFrom("sessions")
              .select("id")
              .where("user_id", "=", slot("userId"))
              .limit(batchSize + 1)
              .as("few"),
          ).select((row) => row.fn.countAll<number>().as("count")),
        "<=",
        batchSize,
      ),
  );
  /** Whether something of the user is left to do. */
  const left = sql`exists (select 1 from users where users.id = ${sql.ref("todo.user_id")} and (users.removed = 1
    or exists (select 1 from sessions where sessions.user_id = users.id and sessions.ended_at is null
      and sessions.epoch < users.epoch)))`;
  const note = statement<{ userId: string }>()((slot) => {
    const insert = sql`insert into session_endings (user_id) select todo.user_id
      from (select ${asText(slot("userId"))} as user_id) as todo where ${left} on conflict do nothing`;
    return { compile: () => insert.compile(query) };
  });
  const clear = statement<{ userId: string }>()((slot) => {
    const remove = sql`delete from session_endings where user_id in (select todo.user_id
      from (select ${asText(slot("userId"))} as user_id) as todo where not ${left})`;
    return { compile: () => remove.compile(query) };
  });
  const pending = statement<Record<string, never>>()(() =>
    query.selectFrom("session_endings").select("user_id as userId").limit(100),
  );
  const batch = writers === "many" ? batchAtOnce(database) : batchInTwo(database);

  const finishOne = (userId: string, at: number) => [
    ...(writers === "many" ? [step(holdUser, { userId })] : []),
    ...batch(userId, at),
    step(forget, { userId }),
    step(removeUser, { userId }),
    step(clear, { userId }),
  ];

  return {
    begin: (userId, at, keep) => [
      must(raise, { userId }),
      ...(keep === undefined ? [] : [step(carryOver, { userId, keep })]),
      ...batch(userId, at),
      step(note, { userId }),
    ],
    beginRemoval: (userId, at) => [
      must(raise, { userId }),
      ...batch(userId, at),
      step(removeUser, { userId }),
      step(note, { userId }),
    ],
    async finish(at) {
      for (let todo = await database.all(pending, {}); todo.length > 0; ) {
        for (const { userId } of todo) await database.commit(finishOne(userId, at), "urgent");
        todo = await database.all(pending, {});
      }
    },
  };
}

type Batch = (userId: string, at: number) => Step[];

/** The next sessions of an earlier epoch, latest first: their tokens live longest. */
function nextOf({ query }: Database, slot: Slots) {
  return query
    .selectFrom("sessions")
    .select("id")
    .where("user_id", "=", slot("userId"))
    .where("ended_at", "is", null)
    .where("epoch", "<", (user) =>
      user.selectFrom("users").select("users.epoch").where("users.id", "=", slot("userId")),
    )
    .orderBy("created_at", "desc")
    .orderBy("id")
    .limit(batchSize);
}

type Slots = Parameters<Parameters<ReturnType<typeof statement<{ userId: string }>>>[0]>[0];

/**
 * One statement: until when tokens are valid cannot change between the end and its revocation. The rows are locked
 * before the list, the order of every change that ends a session. A row that another change locks meanwhile is left
 * to the next batch, so none waits for the other in a circle.
 */
function batchAtOnce(database: Database): Batch {
  const lock = statement<{ userId: string }>()((slot) => nextOf(database, slot).forUpdate());
  const end = statement<{ userId: string; at: number }>()((slot) =>
    database.query
      .with("ended", (change) =>
        change
          .updateTable("sessions")
          .set({ ended_at: slot("at") })
          .where("id", "in", nextOf(database, slot).forUpdate().skipLocked())
          .returning(["id", "tokens_until"]),
      )
      .insertInto("revocations")
      .columns(["session_id", "until"])
      .expression((from) => from.selectFrom("ended").select(["id", "tokens_until"])),
  );
  return (userId, at) => [step(lock, { userId }), step(end, { userId, at })];
}

/** Two statements, of which the engine runs no other in between. */
function batchInTwo(database: Database): Batch {
  const revoke = statement<{ userId: string; at: number }>()((slot) =>
    database.query
      .insertInto("revocations")
      .columns(["session_id", "until"])
      .expression((from) =>
        from.selectFrom("sessions").select(["id", "tokens_until"]).where("id", "in", nextOf(database, slot)),
      ),
  );
  const end = statement<{ userId: string; at: number }>()((slot) =>
    database.query
      .updateTable("sessions")
      .set({ ended_at: slot("at") })
      .where("id", "in", nextOf(database, slot)),
  );
  return (userId, at) => [step(revoke, { userId, at }), step(end, { userId, at })];
}

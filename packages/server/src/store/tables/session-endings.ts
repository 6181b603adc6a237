import { type Database, must, type Step, step } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";

/** Sessions of one user that one change marks as ended. Other writers wait for one batch at most. */
const batchSize = 1000;

/**
 * Ends all sessions of a user. The user's epoch is raised, so that sessions of an earlier epoch are refused at once.
 * The rows of those sessions, and the revocations that guards need, follow in batches of a bounded size.
 */
export interface SessionEndings {
  /** Ends every session of the user but `keep` at once. The first batch is part of the change. */
  begin(userId: string, at: number, keep?: string): readonly Step[];
  /** The same for a removed user. The row is deleted as soon as few sessions are left. */
  beginRemoval(userId: string, at: number): readonly Step[];
  /** Ends every session of every user at once. All of their rows follow in batches. */
  beginAll(): readonly Step[];
  /** Marks the remaining sessions of all users, batch by batch. Several processes may do so concurrently. */
  finish(at: number): Promise<void>;
}

type OfUser = { userId: string };
type OfUserAt = { userId: string; at: number };

const raiseEpoch = statement<OfUser>("update users set epoch = epoch + 1 where id = :userId");

const carryOver = statement<{ userId: string; keep: string }>(`
  update sessions set epoch = epoch + 1
  where id = :keep and user_id = :userId and ended_at is null
    and epoch = (select users.epoch - 1 from users where users.id = :userId)`);

// Serializes concurrent changes to one user. Otherwise an ending could be forgotten.
const lockUser = statement<OfUser>("select id from users where id = :userId for update");

const deleteEnded = statement<OfUser>(`
  delete from sessions where id in (
    select id from sessions
    where user_id = (select users.id from users where users.id = :userId and users.removed = 1)
      and ended_at is not null
    limit ${batchSize})`);

const deleteUser = statement<OfUser>(`
  delete from users where id = :userId and removed = 1
    and not exists (select 1 from sessions where user_id = :userId and ended_at is null)
    and (select count(*) from (select id from sessions where user_id = :userId limit ${batchSize + 1}) as few)
      <= ${batchSize}`);

/** Whether the user of `todo` has sessions left to mark or to delete. */
const isLeft = `exists (select 1 from users where users.id = todo.user_id and (users.removed = 1
  or exists (select 1 from sessions where sessions.user_id = users.id and sessions.ended_at is null
    and sessions.epoch < users.epoch)))`;

const remember = statement<OfUser>(`
  insert into session_endings (user_id)
  select todo.user_id from (select cast(:userId as text) as user_id) as todo where ${isLeft}
  on conflict do nothing`);

const forget = statement<OfUser>(`
  delete from session_endings where user_id in (
    select todo.user_id from (select cast(:userId as text) as user_id) as todo where not ${isLeft})`);

const raiseEveryEpoch = statement<NoValues>("update users set epoch = epoch + 1");

const rememberAll = statement<NoValues>(`
  insert into session_endings (user_id) select distinct user_id from sessions where ended_at is null
  on conflict do nothing`);

// A login that has locked its user commits first, and its session ends too. Other locks of users' rows are not held
// meanwhile, so no deadlock arises.
const lockUsers = statement<NoValues>("lock table users in exclusive mode");

interface Pending extends OfUser {
  /** Sessions that have not ended, counted up to a batch. */
  readonly left: number;
}

const pending = statement<NoValues, Pending>(`
  select user_id as "userId", cast((select count(*) from (select 1 from sessions
    where sessions.user_id = session_endings.user_id and sessions.ended_at is null limit ${batchSize}) as few) as int) as "left"
  from session_endings limit 100`);

/** The next sessions of an earlier epoch, newest first: their tokens live longest. */
const nextBatch = `select id from sessions
  where user_id = :userId and ended_at is null
    and epoch < (select users.epoch from users where users.id = :userId)
  order by created_at desc, id limit ${batchSize}`;

// With one writer, no other change comes between these two.
const revokeBatch = statement<OfUser>(`
  insert into revocations (session_id, until) select id, tokens_until from sessions where id in (${nextBatch})`);
const endBatch = statement<OfUserAt>(`update sessions set ended_at = :at where id in (${nextBatch})`);

// With many writers, the rows are locked before the list of revocations: every change that ends a session locks in
// this order. A row that another change locks meanwhile is left to the next batch, so that no deadlock arises.
const lockBatch = statement<OfUser>(`${nextBatch} for update`);
// One statement: `tokens_until` cannot change between the end of a session and its revocation.
const endAndRevokeBatch = statement<OfUserAt>(`
  with ended as (
    update sessions set ended_at = :at where id in (${nextBatch} for update skip locked) returning id, tokens_until)
  insert into revocations (session_id, until) select id, tokens_until from ended`);

/** The endings of sessions in the database. */
export function sessionEndings(database: Database): SessionEndings {
  const concurrent = database.writers === "many";
  const batch = (userId: string, at: number) =>
    concurrent
      ? [step(lockBatch, { userId }), step(endAndRevokeBatch, { userId, at })]
      : [step(revokeBatch, { userId }), step(endBatch, { userId, at })];

  const finishOne = (userId: string, at: number) => [
    ...(concurrent ? [step(lockUser, { userId })] : []),
    ...batch(userId, at),
    step(deleteEnded, { userId }),
    step(deleteUser, { userId }),
    step(forget, { userId }),
  ];

  return {
    begin: (userId, at, keep) => [
      must(raiseEpoch, { userId }),
      ...(keep === undefined ? [] : [step(carryOver, { userId, keep })]),
      ...batch(userId, at),
      step(remember, { userId }),
    ],
    beginRemoval: (userId, at) => [
      must(raiseEpoch, { userId }),
      ...batch(userId, at),
      step(deleteUser, { userId }),
      step(remember, { userId }),
    ],
    beginAll: () => [
      ...(concurrent ? [step(lockUsers, {})] : []),
      step(raiseEveryEpoch, {}),
      step(rememberAll, {}),
    ],
    async finish(at) {
      for (let todo = await database.all(pending, {}); todo.length > 0; ) {
        // Many writers would wait for each other, because each adds to the one list of revocations.
        for (const group of groupsOf(todo, concurrent ? 1 : todo.length))
          await Promise.all(group.map(({ userId }) => database.commit(finishOne(userId, at), "urgent")));
        todo = await database.all(pending, {});
      }
    },
  };
}

/** Users in groups of at most one batch of sessions. SQLite writes the changes of a group to disk together. */
function groupsOf(users: readonly Pending[], most: number): Pending[][] {
  const groups: Pending[][] = [];
  let room = 0;
  for (const user of users) {
    const last = groups.at(-1);
    if (last !== undefined && last.length < most && user.left <= room) {
      last.push(user);
      room -= user.left;
    } else {
      groups.push([user]);
      room = batchSize - user.left;
    }
  }
  return groups;
}

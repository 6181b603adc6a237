import { type Database, type Step, step } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";
import { lockEndingClient } from "./client-locks.ts";

/** Sessions of one client that one change marks as ended. Other writers wait for one batch at most. */
const batchSize = 1000;

/**
 * Ends all sessions of a client. A row in `client_endings` refuses them at once, and no code of the client is redeemed
 * while the row exists. The rows of the sessions, and the revocations that guards need, follow in batches.
 */
export interface ClientEndings {
  /** Ends every session and every code of the client at once. The first batch is part of the change. */
  begin(clientId: string, at: number): readonly Step[];
  /** Marks the remaining sessions of all clients, batch by batch. Several processes may do so concurrently. */
  finish(at: number): Promise<void>;
}

type OfClient = { clientId: string };
type OfClientAt = OfClient & { at: number };

const deleteCodes = statement<OfClient>(`
  delete from authorizations where client_id = :clientId and session_id is null`);

/** The next sessions, newest first: their tokens live longest. */
const nextBatch = `select id from sessions where client_id = :clientId and ended_at is null
  order by created_at desc, id limit ${batchSize}`;

// With one writer, no other change comes between these two.
const revokeBatch = statement<OfClient>(`
  insert into revocations (session_id, until) select id, tokens_until from sessions where id in (${nextBatch})`);
const endBatch = statement<OfClientAt>(`update sessions set ended_at = :at where id in (${nextBatch})`);

// With many writers, a row that another change locks is left to the next batch, so that no deadlock arises. One
// statement: `tokens_until` cannot change between the end of a session and its revocation.
const endAndRevokeBatch = statement<OfClientAt>(`
  with ended as (
    update sessions set ended_at = :at where id in (${nextBatch} for update skip locked) returning id, tokens_until)
  insert into revocations (session_id, until) select id, tokens_until from ended`);

const isLeft = `exists (select 1 from sessions where client_id = :clientId and ended_at is null)`;

const remember = statement<OfClientAt>(`
  insert into client_endings (client_id, ended_at)
  select todo.client_id, todo.ended_at
  from (select cast(:clientId as text) as client_id, cast(:at as bigint) as ended_at) as todo where ${isLeft}
  on conflict do nothing`);

const forget = statement<OfClient>(
  `delete from client_endings where client_id = :clientId and not ${isLeft}`,
);

const pending = statement<NoValues, OfClient>('select client_id as "clientId" from client_endings limit 100');

/** The endings of the sessions of clients in the database. */
export function clientEndings(database: Database): ClientEndings {
  const batch = (clientId: string, at: number) =>
    database.writers === "many"
      ? [step(endAndRevokeBatch, { clientId, at })]
      : [step(revokeBatch, { clientId }), step(endBatch, { clientId, at })];

  return {
    begin: (clientId, at) => [
      ...lockEndingClient(database, clientId),
      ...batch(clientId, at),
      // The list of revocations is locked before the codes, as a removal of their user does.
      step(deleteCodes, { clientId }),
      step(remember, { clientId, at }),
    ],
    async finish(at) {
      for (let todo = await database.all(pending, {}); todo.length > 0; ) {
        for (const { clientId } of todo)
          await database.commit([...batch(clientId, at), step(forget, { clientId })], "urgent");
        todo = await database.all(pending, {});
      }
    },
  };
}

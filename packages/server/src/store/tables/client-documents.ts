import type { ClientDocumentCopies, ClientDocumentCopy } from "../../core/oauth/client-document.ts";
import { type Database, one, step } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";

/** Strangers can cause rows, of at most 10 KiB each. Beyond this number a new document is not stored. */
const mostRows = 1_000;
/** A purge makes room up to this number. */
const rowsAfterPurge = 900;

const put = statement<ClientDocumentCopy>(`
  insert into client_documents (id, document, fetched_at, fresh_until)
  select :id, :document, :fetchedAt, :freshUntil
  where (select count(*) from client_documents) < ${mostRows}
    or exists (select 1 from client_documents where id = :id)
  on conflict (id) do update set
    document = excluded.document, fetched_at = excluded.fetched_at, fresh_until = excluded.fresh_until`);

const remove = statement<{ id: string }>("delete from client_documents where id = :id");

const byId = statement<{ id: string }, ClientDocumentCopy>(`
  select id, document, fetched_at as "fetchedAt", fresh_until as "freshUntil"
  from client_documents where id = :id and document is not null`);

/** Documents that were not fetched since. */
export const oldClientDocuments = statement<{ before: number }>(
  "delete from client_documents where fetched_at < :before",
);

/** The oldest documents of a full table, except those of clients with sessions. */
export const surplusClientDocuments = statement<NoValues>(`
  delete from client_documents where id in (
    select id from client_documents
    where not exists (select 1 from sessions where client_id = client_documents.id and ended_at is null)
    order by fetched_at
    limit (
      select case when count(*) >= ${mostRows} then count(*) - ${rowsAfterPurge} else 0 end
      from client_documents))`);

/** The table `client_documents`: copies that the replicas share. */
export function clientDocumentTable(database: Database): ClientDocumentCopies {
  return {
    byId: (id) => one(database, byId, { id }),
    async put(copy) {
      await database.commit([step(put, copy)]);
    },
    async remove(id) {
      await database.commit([step(remove, { id })]);
    },
  };
}

import type { AuditEvent } from "../../core/audit-events.ts";
import type { ClientState, ListedClient, RegisteredClients } from "../../core/oauth/registered-clients.ts";
import type { SessionLife } from "../../core/stories/session-life.ts";
import { type Database, must, one, step } from "../database.ts";
import { statement } from "../statement.ts";
import type { AuditWriter } from "./audit.ts";
import type { ClientEndings } from "./client-endings.ts";
import { type ClientRow, clientIn, rowOf } from "./client-rows.ts";
import { isLive, type LiveAt, unbounded } from "./sessions.ts";

const columns = `id, name, redirect_uris as "redirectUris", credentials, grant_types as "grantTypes", roles, scope,
  session_id as "sessionId", created_at as "createdAt", blocked_at as "blockedAt"`;

/** The operator added a client with credentials. A row without any only blocks a client that is described elsewhere. */
const isAdded = "clients.credentials != '[]'";

const byId = statement<{ id: string }, ClientRow>(
  `select ${columns} from clients where id = :id and ${isAdded}`,
);

const blocked = statement<{ id: string }, { id: string }>(`
  select id from clients where id = :id and blocked_at is not null`);

interface ListedRow extends Omit<ListedClient, "added"> {
  /** 0 or 1. */
  readonly added: number;
}

/** The operator's clients, blocked ones, and those with live sessions. @param which a condition on the column */
const listed = (which: (id: string) => string) => `
  select id, name, added, "blockedAt", sessions from (
    select clients.id, clients.name, case when ${isAdded} then 1 else 0 end as added, blocked_at as "blockedAt",
      (select count(*) from sessions where sessions.client_id = clients.id and ${isLive}) as sessions
    from clients where ${which("clients.id")}
    union all
    select client_id as id, max(client_name) as name, 0 as added, null as "blockedAt", count(*) as sessions
    from sessions where ${which("client_id")} and ${isLive}
      and not exists (select 1 from clients where clients.id = sessions.client_id)
    group by client_id) as listed
  order by id`;

const list = statement<LiveAt & { after: string; limit: number }, ListedRow>(
  `${listed((id) => `${id} > :after`)} limit :limit`,
);

const listedById = statement<LiveAt & { id: string }, ListedRow>(listed((id) => `${id} = :id`));

/** The state that the author of a change has seen. Credentials are null if any state will do. */
interface Seen {
  readonly seenCredentials: string | null;
  readonly seenBlockedAt: number | null;
}

// A value compared with null alone has no type, hence the casts.
const anyState = "cast(:seenCredentials as text) is null";
const isAsSeen = `(${anyState} or (clients.credentials = :seenCredentials
  and clients.blocked_at is not distinct from cast(:seenBlockedAt as bigint)))`;

const insertInto = `insert into clients (id, name, redirect_uris, credentials, grant_types, roles, scope, session_id,
  created_at, blocked_at)`;

const add = statement<ClientRow>(`
  ${insertInto}
  values (:id, :name, :redirectUris, :credentials, :grantTypes, :roles, :scope, :sessionId, :createdAt, :blockedAt)
  on conflict do nothing`);

/**
 * How long the tokens of a client itself stay on the list of revocations, in milliseconds: the longest lifetime that
 * the settings allow. The process that ends them may have another setting than the one that issued them.
 */
const tokensLast = 3650 * 86_400_000;

const revokeOwnTokens = statement<{ id: string; until: number }>(`
  insert into revocations (session_id, until)
  select session_id, :until from clients where id = :id and session_id is not null and blocked_at is null`);

// A client that was seen with credentials, and was removed since, gets no row. Blocks and removals of one client wait
// for each other, so the row stays as this statement finds it.
const block = statement<{ id: string; name: string; at: number; newSessionId: string } & Seen>(`
  ${insertInto}
  select :id, :name, '[]', '[]', '[]', '[]', '', null, cast(:at as bigint), cast(:at as bigint)
  where ${anyState} or (:seenCredentials = '[]' and cast(:seenBlockedAt as bigint) is null)
    or exists (select 1 from clients where clients.id = :id)
  on conflict (id) do update set blocked_at = :at,
    session_id = case when clients.session_id is null then null else :newSessionId end
  where clients.blocked_at is null and ${isAsSeen}`);

const unblock = statement<{ id: string } & Seen>(`
  update clients set blocked_at = null
  where id = :id and blocked_at is not null and ${isAdded} and ${isAsSeen}`);

const forget = statement<{ id: string } & Seen>(`
  delete from clients where id = :id and blocked_at is not null and not (${isAdded}) and ${isAsSeen}`);

const replaceCredentials = statement<{ id: string; from: string; to: string } & Seen>(`
  update clients set credentials = :to
  where id = :id and credentials = :from and ${isAdded} and ${isAsSeen}`);

const remove = statement<{ id: string } & Seen>(`
  delete from clients where id = :id and ${isAdded} and ${isAsSeen}`);

/** The table `clients`. */
export function clientTable(
  database: Database,
  audit: AuditWriter,
  endings: ClientEndings,
  life: SessionLife = unbounded,
): RegisteredClients {
  const revoked = (id: string, { at }: AuditEvent) => step(revokeOwnTokens, { id, until: at + tokensLast });

  return {
    async byId(id) {
      const row = await one(database, byId, { id });
      return row && clientIn(row);
    },
    isBlocked: async (id) => (await one(database, blocked, { id })) !== undefined,
    async list({ after = "", limit }, at) {
      const rows = await database.all(list, { after, limit, at, ...life });
      return rows.map(listedIn);
    },
    async listed(id, at) {
      const row = await one(database, listedById, { id, at, ...life });
      return row && listedIn(row);
    },
    add: (client, event) => audit.commit([must(add, rowOf(client))], [event]),
    block: (id, name, event, newSessionId, seen) =>
      audit.commit(
        [
          ...endings.begin(id, event.at),
          revoked(id, event),
          must(block, { id, name, at: event.at, newSessionId, ...seenIn(seen) }),
        ],
        [event],
        "urgent",
      ),
    async unblock(id, event, seen) {
      const values = { id, ...seenIn(seen) };
      if (await audit.commit([must(unblock, values)], [event])) return true;
      return audit.commit([must(forget, values)], [event]);
    },
    replaceCredentials(id, from, to, event, seen) {
      const values = { id, from: JSON.stringify(from), to: JSON.stringify(to), ...seenIn(seen) };
      return audit.commit([must(replaceCredentials, values)], [event], "urgent");
    },
    remove: (id, event, seen) =>
      audit.commit(
        [...endings.begin(id, event.at), revoked(id, event), must(remove, { id, ...seenIn(seen) })],
        [event],
        "urgent",
      ),
  };
}

function listedIn(row: ListedRow): ListedClient {
  return { ...row, added: row.added === 1 };
}

function seenIn(seen: ClientState | undefined): Seen {
  if (seen === undefined) return { seenCredentials: null, seenBlockedAt: null };
  return { seenCredentials: JSON.stringify(seen.credentials), seenBlockedAt: seen.blockedAt };
}

import type {
  Authorization,
  Authorizations,
  ClosedClient,
  NewAuthorization,
} from "../../core/oauth/authorizations.ts";
import { type Database, must, one, type Step } from "../database.ts";
import { statement } from "../statement.ts";
import type { AuditWriter } from "./audit.ts";
import { isOfOpenClient, lockOpenClient } from "./client-locks.ts";
import { arrivalSteps } from "./known-addresses.ts";
import { redeemingSteps } from "./session-rows.ts";
import { endingSteps } from "./sessions.ts";

/** A row of `authorizations`. */
interface AuthorizationRow extends Omit<Authorization, "client"> {
  readonly clientId: string;
  readonly clientName: string;
  readonly scope: string;
  readonly resource: string;
}

type NewRow = Omit<AuthorizationRow, "sessionId" | "redeemedAt">;

const insert = `
  insert into authorizations (code_hash, user_id, revision, epoch, client_id, client_name, redirect_uri, challenge,
    scope, resource, address_bucket, created_at, expires_at)
  select :codeHash, users.id, users.revision, users.epoch, :clientId, :clientName, :redirectUri, :challenge,
    :scope, :resource, :addressBucket, :createdAt, :expiresAt
  from users where users.id = :userId and users.active = 1 and users.revision = :revision
    and ${isOfOpenClient("cast(:clientId as text)")}`;
const add = {
  one: statement<NewRow>(insert),
  // A concurrent change to the user comes first and refuses this row, or waits for it and then outdates it.
  many: statement<NewRow>(`${insert} for share of users`),
};

/** Steps that add an authorization. The first one must come before any lock on a row. */
export function addingSteps(database: Database, authorization: NewAuthorization): Step[] {
  return [
    ...lockOpenClient(database, authorization.client.id),
    must(add[database.writers], rowOf(authorization)),
  ];
}

const byCode = statement<{ codeHash: string }, AuthorizationRow>(`
  select code_hash as "codeHash", user_id as "userId", revision, client_id as "clientId",
    client_name as "clientName", redirect_uri as "redirectUri", challenge, scope, resource,
    address_bucket as "addressBucket", created_at as "createdAt", expires_at as "expiresAt",
    session_id as "sessionId", redeemed_at as "redeemedAt"
  from authorizations where code_hash = :codeHash`);

// The session has the realm's tokens now.
const use = statement<{ codeHash: string; sessionId: string; at: number }>(`
  update authorizations set session_id = :sessionId, redeemed_at = :at, sealed_realm_tokens = null
  where code_hash = :codeHash and session_id is null and expires_at > :at
    and ${isOfOpenClient("authorizations.client_id")}`);

const closed = statement<{ clientId: string }, { closed: ClosedClient }>(`
  select case when blocked_at is null then 'ending' else 'blocked' end as closed
  from (select 1) as always
    left join clients on clients.id = :clientId
    left join client_endings on client_endings.client_id = :clientId
  where clients.blocked_at is not null or client_endings.client_id is not null`);

/** The table `authorizations`. */
export function authorizationTable(database: Database, audit: AuditWriter): Authorizations {
  return {
    add: (authorization, event, arrival) =>
      audit.commit(
        [...addingSteps(database, authorization), ...arrivalSteps(arrival)],
        [event],
        "ordinary",
        arrival?.mails,
      ),
    closed: async (clientId) => (await one(database, closed, { clientId }))?.closed,
    async byCode(codeHash) {
      const row = await one(database, byCode, { codeHash });
      return row && authorizationIn(row);
    },
    redeem: (authorization, session, at, events, instead = []) =>
      audit.commit(
        [
          ...lockOpenClient(database, authorization.client.id),
          // The user's row is locked before this table's, as a removal does.
          ...redeemingSteps(database, session, authorization),
          must(use, { codeHash: authorization.codeHash, sessionId: session.id, at }),
          ...endingSteps(instead),
        ],
        [...events, ...instead],
      ),
  };
}

function rowOf({ client, ...authorization }: NewAuthorization): NewRow {
  const { id: clientId, name: clientName, scope, resource } = client;
  return { ...authorization, clientId, clientName, scope, resource };
}

function authorizationIn({ clientId, clientName, scope, resource, ...row }: AuthorizationRow): Authorization {
  return { ...row, client: { id: clientId, name: clientName, scope, resource } };
}

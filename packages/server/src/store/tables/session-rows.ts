import type { Session, SessionClient } from "../../core/stories/sessions.ts";
import { type Database, must, type Step } from "../database.ts";
import { statement } from "../statement.ts";

/** A row of `sessions`. The columns of the client are all null, or none is. */
export interface SessionRow extends Omit<Session, "client">, ClientColumns {}

interface ClientColumns {
  readonly clientId: string | null;
  readonly clientName: string | null;
  readonly scope: string | null;
  readonly resource: string | null;
}

/**
 * The hash of a client's refresh token is stored with this prefix. A process of the version before OAuth then refuses
 * the token, instead of continuing the session as a person's own login.
 */
const hashPrefix = "client:";

/** The prefix of the hash in a row of `sessions`. */
export const prefixInRow = `case when client_id is null then '' else '${hashPrefix}' end`;

/** The columns that do not change with the end of a session. */
export const openedColumns = `id, user_id as "userId", generation, refresh_hash as "refreshHash",
  rotated_at as "rotatedAt", created_at as "createdAt", last_used_at as "lastUsedAt", expires_at as "expiresAt",
  ends_at as "endsAt", tokens_until as "tokensUntil", address_bucket as "addressBucket",
  client_id as "clientId", client_name as "clientName", scope, resource`;

/** All columns of a row. */
export const sessionColumns = `${openedColumns}, ended_at as "endedAt"`;

/** All sessions of an earlier epoch have ended. */
export const isOfItsUsersEpoch = `sessions.epoch >= (select users.epoch from users where users.id = sessions.user_id)`;

/** The sessions of a client that was blocked or removed have ended, although some rows are not marked yet. */
export const isOfLiveClient = `(sessions.client_id is null
  or not exists (select 1 from client_endings where client_endings.client_id = sessions.client_id))`;

/**
 * @param tokens the realm's tokens, as an SQL expression
 * @param source the user, as an SQL expression
 */
const insert = (tokens: string, source: string) => `
  insert into sessions (id, user_id, generation, refresh_hash, rotated_at, created_at, last_used_at, expires_at,
    ends_at, tokens_until, address_bucket, client_id, client_name, scope, resource, ended_at, epoch,
    sealed_realm_tokens)
  select :id, owner.id, :generation, :refreshHash, :rotatedAt, :createdAt, :lastUsedAt, :expiresAt,
    :endsAt, :tokensUntil, :addressBucket, :clientId, :clientName, :scope, :resource, :endedAt, owner.epoch,
    ${tokens}
  from ${source} as owner`;

const isOwner = "id = :userId and active = 1 and revision = :revision";
const setLastLogin = (isOpener: string) => `update users set last_login_at = :createdAt where ${isOpener}`;

/** The two forms of an opening. */
function opening<Values extends object>(tokens: string, isOpener: string) {
  return {
    // One after another, no other change comes between.
    one: [
      statement<Values>(setLastLogin(isOpener)),
      statement<Values>(insert(tokens, `(select id, epoch from users where ${isOpener})`)),
    ],
    // The update locks the user's row: a concurrent change to the user waits and then ends this session too.
    many: [
      statement<Values>(`
        with opener as (${setLastLogin(isOpener)} returning id, epoch) ${insert(tokens, "opener")}`),
    ],
  } as const;
}

type Opening = SessionRow & { revision: number };
const open = opening<Opening>("cast(null as text)", isOwner);

type Redemption = Opening & { codeHash: string };
const ofCode = (column: string) => `(select ${column} from authorizations where code_hash = :codeHash)`;
const redeem = opening<Redemption>(
  ofCode("sealed_realm_tokens"),
  `${isOwner} and users.epoch = ${ofCode("authorizations.epoch")}`,
);

/**
 * Opens a session and sets the user's last login. The user must be active, and have the revision of the password
 * check.
 */
export function openingSteps({ writers }: Database, session: Session, revision: number): Step[] {
  const values = { ...rowOf(session), revision };
  return open[writers].map((statement) => must(statement, values));
}

/** The same for a redeemed code: all sessions of the user may not have been ended either since the consent. */
export function redeemingSteps(
  { writers }: Database,
  session: Session,
  { revision, codeHash }: { readonly revision: number; readonly codeHash: string },
): Step[] {
  const values = { ...rowOf(session), revision, codeHash };
  return redeem[writers].map((statement) => must(statement, values));
}

/** The columns of a person's own login. */
const noClient: ClientColumns = { clientId: null, clientName: null, scope: null, resource: null };

function rowOf({ client, ...session }: Session): SessionRow {
  if (client === null) return { ...session, ...noClient };
  return { ...session, ...columnsOf(client), refreshHash: hashPrefix + session.refreshHash };
}

function columnsOf({ id, name, scope, resource }: SessionClient): ClientColumns {
  return { clientId: id, clientName: name, scope, resource };
}

/** The session in a row. Each member is read by its name: V8 copies the rest of a row seven times slower. */
export function sessionIn(row: SessionRow): Session {
  const { clientId, clientName, scope, resource, refreshHash } = row;
  return {
    id: row.id,
    userId: row.userId,
    generation: row.generation,
    refreshHash: clientId === null ? refreshHash : refreshHash.slice(hashPrefix.length),
    rotatedAt: row.rotatedAt,
    createdAt: row.createdAt,
    lastUsedAt: row.lastUsedAt,
    expiresAt: row.expiresAt,
    endsAt: row.endsAt,
    tokensUntil: row.tokensUntil,
    endedAt: row.endedAt,
    addressBucket: row.addressBucket,
    client:
      clientId === null
        ? null
        : { id: clientId, name: clientName ?? "", scope: scope ?? "", resource: resource ?? "" },
  };
}

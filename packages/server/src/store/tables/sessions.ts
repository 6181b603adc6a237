import type { AuditEvent } from "../../core/audit-events.ts";
import { type SessionLife, withLife } from "../../core/stories/session-life.ts";
import type { RefreshTokenState, Sessions, SessionUse, SurplusSession } from "../../core/stories/sessions.ts";
import { type Database, must, one, type Step, step } from "../database.ts";
import { statement } from "../statement.ts";
import type { AuditWriter } from "./audit.ts";
import { arrivalSteps } from "./known-addresses.ts";
import type { SessionEndings } from "./session-endings.ts";
import {
  isOfItsUsersEpoch,
  isOfLiveClient,
  openedColumns,
  openingSteps,
  prefixInRow,
  type SessionRow,
  sessionColumns,
  sessionIn,
} from "./session-rows.ts";
import { userAsSeen } from "./user-terms.ts";

/** A time and the limits of today: a session is live only within those limits, whatever was stored at its opening. */
export type LiveAt = SessionLife & { readonly at: number };

export const isLive = `(ended_at is null and expires_at > :at and created_at + :max > :at and last_used_at + :idle > :at
  and ${isOfItsUsersEpoch} and ${isOfLiveClient})`;

/** A login ends at most this many of a user's oldest sessions. */
const mostSurplus = 10;

// A session of an earlier epoch, or of an ended client, ended after its last use. Its row may not be marked yet.
const byId = statement<{ id: string }, SessionRow>(`
  select ${openedColumns},
    case when ended_at is null and not (${isOfItsUsersEpoch} and ${isOfLiveClient}) then last_used_at else ended_at end as "endedAt"
  from sessions where id = :id`);

interface SessionPlace {
  readonly afterAt: number;
  readonly afterId: string;
  readonly limit: number;
}

// In the order of the index `sessions_open`, so that a page costs its own rows alone. PostgreSQL plans without the
// values. A condition that it expects to be rare, such as a client that may be given, would make it sort all sessions.
const live = statement<LiveAt & SessionPlace & { afterUser: string }, SessionRow>(`
  select ${sessionColumns} from sessions
  where ${isLive} and (user_id, created_at, id) > (:afterUser, :afterAt, :afterId)
  order by user_id, created_at, id limit :limit`);

// In the order of the same index.
const liveOfUser = statement<LiveAt & SessionPlace & { userId: string; clientId: string }, SessionRow>(`
  select ${sessionColumns} from sessions
  where user_id = :userId and ${isLive} and (created_at, id) > (:afterAt, :afterId)
    and (cast(:clientId as text) = '' or client_id = :clientId)
  order by created_at, id limit :limit`);

// In the order of the index `sessions_by_client`. Every user's sessions of one client. PostgreSQL expects an average
// client behind an equality, and would sort all sessions of a large one.
const liveOfClient = statement<LiveAt & SessionPlace & { clientId: string }, SessionRow>(`
  select ${sessionColumns} from sessions
  where client_id is not null and ${isLive}
    and (client_id, created_at, id) > (:clientId, :afterAt, :afterId) and client_id <= :clientId
  order by client_id, created_at, id limit :limit`);

const liveOf = statement<LiveAt & { userId: string; most: number }, SessionRow>(`
  select ${sessionColumns} from sessions where user_id = :userId and ${isLive}
  order by last_used_at desc, created_at desc limit :most`);

const countLive = statement<LiveAt & { userId: string; except: string }, { count: number }>(`
  select count(*) as count from sessions where user_id = :userId and id != :except and ${isLive}`);

/** Access tokens keep the time that they were promised before. */
const laterTokens = `
  tokens_until = case when tokens_until > :tokensUntil then tokens_until else :tokensUntil end`;

const rotate = statement<
  LiveAt & SessionUse & { id: string; from: number; fromHash: string; to: number; toHash: string }
>(`
  update sessions set generation = :to, refresh_hash = ${prefixInRow} || :toHash, rotated_at = :lastUsedAt,
    last_used_at = :lastUsedAt, expires_at = :expiresAt, ${laterTokens}
  where id = :id and generation = :from and refresh_hash = ${prefixInRow} || :fromHash and ${isLive}`);

// Check and count are one statement, so concurrent repeats never exceed the bound, on one replica or on many. The count
// belongs to a generation. So a rotation need not reset it, also on an older replica that does not know the columns.
const repeat = statement<LiveAt & RefreshTokenState & { id: string; most: number }>(`
  update sessions set repeats = case when repeats_generation = generation then repeats + 1 else 1 end,
    repeats_generation = generation
  where id = :id and generation = :generation and refresh_hash = ${prefixInRow} || :refreshHash and ${isLive}
    and (repeats_generation != generation or repeats < :most)`);

const touch = statement<LiveAt & SessionUse & { id: string }>(`
  update sessions set last_used_at = :lastUsedAt, expires_at = :expiresAt, ${laterTokens}
  where id = :id and ${isLive}`);

const end = statement<{ id: string; at: number }>(`
  update sessions set ended_at = :at where id = :id and ended_at is null`);

const revoke = statement<{ id: string }>(`
  insert into revocations (session_id, until) select id, tokens_until from sessions where id = :id`);

/** Ends the sessions of these events. */
export function endingSteps(events: readonly AuditEvent[]): Step[] {
  return [
    ...events.map(({ sessionId: id = "", at }) => step(end, { id, at })),
    ...events.map(({ sessionId: id = "" }) => step(revoke, { id })),
  ];
}

// The index `sessions_by_user` tells how many are stored. To tell which of them are live takes each row and its user's:
// for a user with 500 sessions that was a tenth of a login.
const storedBeyondKept = statement<{ userId: string; kept: number }, { one: number }>(`
  select 1 as one from sessions where user_id = :userId limit 1 offset :kept`);

const beyondKept = statement<LiveAt & { userId: string; kept: number }, SurplusSession>(`
  select id, client_id as "clientId" from sessions where user_id = :userId and ${isLive}
  order by created_at desc limit ${mostSurplus} offset :kept`);

const oldest = statement<LiveAt & { userId: string }, SurplusSession>(`
  select id, client_id as "clientId" from sessions where user_id = :userId and ${isLive}
  order by created_at limit ${mostSurplus}`);

// A code that is not redeemed yet would become a session.
const openBut = statement<{ userId: string; keep: string; at: number }, { id: string }>(`
  select id from sessions
  where user_id = :userId and id != :keep and ended_at is null and ${isOfItsUsersEpoch} and ${isOfLiveClient}
  union all
  select code_hash as id from authorizations
  where user_id = :userId and session_id is null and expires_at > :at
    and epoch >= (select users.epoch from users where users.id = :userId)
  limit 1`);

const openedFrom = statement<{ userId: string; addressBucket: string }, { id: string }>(`
  select id from sessions where user_id = :userId and address_bucket = :addressBucket limit 1`);

/** A store that is opened without settings applies the times that are stored with a session. */
export const unbounded: SessionLife = { idle: 8.64e15, max: 8.64e15 };

/** The table `sessions`. */
export function sessionTable(
  database: Database,
  audit: AuditWriter,
  endings: SessionEndings,
  { idle, max }: SessionLife = unbounded,
): Sessions {
  const liveAt = (at: number): LiveAt => ({ at, idle, max });
  const sessionOf = (row: SessionRow) => withLife(sessionIn(row), { idle, max });

  return {
    async byId(id) {
      const row = await one(database, byId, { id });
      return row && sessionOf(row);
    },
    async live(at, userId, { after, limit, clientId = "" } = { limit: Number.MAX_SAFE_INTEGER }) {
      const values = {
        ...liveAt(at),
        afterAt: after?.createdAt ?? Number.MIN_SAFE_INTEGER,
        afterId: after?.id ?? "",
        limit,
      };
      const read = () => {
        if (userId !== undefined) return database.all(liveOfUser, { ...values, userId, clientId });
        if (clientId !== "") return database.all(liveOfClient, { ...values, clientId });
        return database.all(live, { ...values, afterUser: after?.userId ?? "" });
      };
      return (await read()).map(sessionOf);
    },
    async liveOf(userId, at, most) {
      const rows = await database.all(liveOf, { ...liveAt(at), userId, most });
      return rows.map(sessionOf);
    },
    // No session has an empty id.
    async countLive(userId, at, except = "") {
      return (await one(database, countLive, { ...liveAt(at), userId, except }))?.count ?? 0;
    },
    async surplus(userId, at, kept) {
      if ((await one(database, storedBeyondKept, { userId, kept })) === undefined) return [];
      const rows = await database.all(beyondKept, { ...liveAt(at), userId, kept });
      // If more sessions are surplus than one login ends, the rows behind the kept ones are not the oldest.
      return rows.length < mostSurplus ? rows : database.all(oldest, { ...liveAt(at), userId });
    },
    open: (session, revision, event, instead = [], arrival = undefined) =>
      audit.commit(
        [...openingSteps(database, session, revision), ...arrivalSteps(arrival), ...endingSteps(instead)],
        [event, ...instead],
        "ordinary",
        arrival?.mails,
      ),
    rotate(id: string, from: RefreshTokenState, to: RefreshTokenState, use, event) {
      const link = {
        from: from.generation,
        fromHash: from.refreshHash,
        to: to.generation,
        toHash: to.refreshHash,
      };
      return audit.commit([must(rotate, { id, ...link, ...use, ...liveAt(use.lastUsedAt) })], [event]);
    },
    repeat: (id, current, most, event) =>
      audit.commit([must(repeat, { id, ...current, most, ...liveAt(event.at) })], [event]),
    touch: (id, use, event) =>
      audit.commit([must(touch, { id, ...use, ...liveAt(use.lastUsedAt) })], [event]),
    end(id, events) {
      const at = Math.max(...events.map((event) => event.at));
      return audit.commit([must(end, { id, at }), step(revoke, { id })], events, "urgent");
    },
    async endAll(userId, event, { keep, version } = {}) {
      if ((await one(database, openBut, { userId, keep: keep ?? "", at: event.at })) === undefined)
        return false;
      const first = version === undefined ? [] : [userAsSeen(userId, version)];
      return audit.commit([...first, ...endings.begin(userId, event.at, keep)], [event], "urgent");
    },
    openedFrom: async (userId, addressBucket) =>
      (await one(database, openedFrom, { userId, addressBucket })) !== undefined,
  };
}

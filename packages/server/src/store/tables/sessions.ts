import { type SessionLife, withLife } from "../../core/stories/session-life.ts";
import type {
  RefreshTokenState,
  Session,
  SessionClient,
  Sessions,
  SessionUse,
} from "../../core/stories/sessions.ts";
import { type Database, must, one, step } from "../database.ts";
import { statement } from "../statement.ts";
import type { AuditWriter } from "./audit.ts";
import type { SessionEndings } from "./session-endings.ts";

/** A time and the limits of today: a session is live only within those limits, whatever was stored at its opening. */
type LiveAt = SessionLife & { readonly at: number };

/** A row of `sessions`. The columns of the client are all null, or none is. */
interface SessionRow extends Omit<Session, "client">, ClientColumns {}

interface ClientColumns {
  readonly clientId: string | null;
  readonly clientName: string | null;
  readonly scope: string | null;
  readonly resource: string | null;
}

/** All sessions of an earlier epoch have ended. */
const isOfItsUsersEpoch = `sessions.epoch >= (select users.epoch from users where users.id = sessions.user_id)`;

const isLive = `(ended_at is null and expires_at > :at and created_at + :max > :at and last_used_at + :idle > :at
  and ${isOfItsUsersEpoch})`;

/** A login ends at most this many of a user's oldest sessions. */
const mostSurplus = 10;

const openedColumns = `id, user_id as "userId", generation, refresh_hash as "refreshHash",
  rotated_at as "rotatedAt", created_at as "createdAt", last_used_at as "lastUsedAt", expires_at as "expiresAt",
  ends_at as "endsAt", tokens_until as "tokensUntil", address_bucket as "addressBucket",
  client_id as "clientId", client_name as "clientName", scope, resource`;
const columns = `${openedColumns}, ended_at as "endedAt"`;

// A session of an earlier epoch has ended, although its row is not marked yet: after its last use.
const byId = statement<{ id: string }, SessionRow>(`
  select ${openedColumns},
    case when ended_at is null and not ${isOfItsUsersEpoch} then last_used_at else ended_at end as "endedAt"
  from sessions where id = :id`);

type Slice = { afterUser: string; afterAt: number; afterId: string; lastUser: string; limit: number };

// In the order of the index `sessions_open`, so that a page costs its own rows alone.
const live = statement<LiveAt & Slice, SessionRow>(`
  select ${columns} from sessions
  where ${isLive} and (user_id, created_at, id) > (:afterUser, :afterAt, :afterId) and user_id <= :lastUser
  order by user_id, created_at, id limit :limit`);

/** Behind every id of a user, on both engines. */
const behindUsers = "\u{10ffff}";

const liveOf = statement<LiveAt & { userId: string; most: number }, SessionRow>(`
  select ${columns} from sessions where user_id = :userId and ${isLive}
  order by last_used_at desc, created_at desc limit :most`);

const countLive = statement<LiveAt & { userId: string; except: string }, { count: number }>(`
  select count(*) as count from sessions where user_id = :userId and id != :except and ${isLive}`);

const insert = `
  insert into sessions (id, user_id, generation, refresh_hash, rotated_at, created_at, last_used_at, expires_at,
    ends_at, tokens_until, address_bucket, client_id, client_name, scope, resource, ended_at, epoch)
  select :id, users.id, :generation, :refreshHash, :rotatedAt, :createdAt, :lastUsedAt, :expiresAt,
    :endsAt, :tokensUntil, :addressBucket, :clientId, :clientName, :scope, :resource, :endedAt, users.epoch
  from users where users.id = :userId and users.active = 1 and users.revision = :revision`;
const open = {
  one: statement<SessionRow & { revision: number }>(insert),
  // The user's row is locked: a concurrent change to the user waits and then ends this session too.
  many: statement<SessionRow & { revision: number }>(`${insert} for share`),
};

/** Access tokens keep the time that they were promised before. */
const laterTokens = `
  tokens_until = case when tokens_until > :tokensUntil then tokens_until else :tokensUntil end`;

const rotate = statement<
  LiveAt & SessionUse & { id: string; from: number; fromHash: string; to: number; toHash: string }
>(`
  update sessions set generation = :to, refresh_hash = :toHash, rotated_at = :lastUsedAt,
    last_used_at = :lastUsedAt, expires_at = :expiresAt, ${laterTokens}
  where id = :id and generation = :from and refresh_hash = :fromHash and ${isLive}`);

// Check and count are one statement, so concurrent repeats never exceed the bound, on one replica or on many. The count
// belongs to a generation. So a rotation need not reset it, also on an older replica that does not know the columns.
const repeat = statement<LiveAt & RefreshTokenState & { id: string; most: number }>(`
  update sessions set repeats = case when repeats_generation = generation then repeats + 1 else 1 end,
    repeats_generation = generation
  where id = :id and generation = :generation and refresh_hash = :refreshHash and ${isLive}
    and (repeats_generation != generation or repeats < :most)`);

const touch = statement<LiveAt & SessionUse & { id: string }>(`
  update sessions set last_used_at = :lastUsedAt, expires_at = :expiresAt, ${laterTokens}
  where id = :id and ${isLive}`);

const end = statement<{ id: string; at: number }>(`
  update sessions set ended_at = :at where id = :id and ended_at is null`);

const revoke = statement<{ id: string }>(`
  insert into revocations (session_id, until) select id, tokens_until from sessions where id = :id`);

const beyondKept = statement<LiveAt & { userId: string; kept: number }, { id: string }>(`
  select id from sessions where user_id = :userId and ${isLive}
  order by created_at desc limit ${mostSurplus} offset :kept`);

const oldest = statement<LiveAt & { userId: string }, { id: string }>(`
  select id from sessions where user_id = :userId and ${isLive}
  order by created_at limit ${mostSurplus}`);

const openBut = statement<{ userId: string; keep: string }, { id: string }>(`
  select id from sessions
  where user_id = :userId and id != :keep and ended_at is null and ${isOfItsUsersEpoch} limit 1`);

const openedFrom = statement<{ userId: string; addressBucket: string }, { id: string }>(`
  select id from sessions where user_id = :userId and address_bucket = :addressBucket limit 1`);

/** A store that is opened without settings applies the times that are stored with a session. */
const unbounded: SessionLife = { idle: 8.64e15, max: 8.64e15 };

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
    async live(at, userId, { after, limit } = { limit: Number.MAX_SAFE_INTEGER }) {
      const rows = await database.all(live, {
        ...liveAt(at),
        afterUser: after?.userId ?? userId ?? "",
        afterAt: after?.createdAt ?? Number.MIN_SAFE_INTEGER,
        afterId: after?.id ?? "",
        lastUser: userId ?? behindUsers,
        limit,
      });
      return rows.map(sessionOf);
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
      const rows = await database.all(beyondKept, { ...liveAt(at), userId, kept });
      // If more sessions are surplus than one login ends, the rows behind the kept ones are not the oldest.
      const ends = rows.length < mostSurplus ? rows : await database.all(oldest, { ...liveAt(at), userId });
      return ends.map(({ id }) => id);
    },
    open(session, revision, event, instead = []) {
      const ends = [
        ...instead.map(({ sessionId: id = "", at }) => step(end, { id, at })),
        ...instead.map(({ sessionId: id = "" }) => step(revoke, { id })),
      ];
      return audit.commit(
        [must(open[database.writers], { ...rowOf(session), revision }), ...ends],
        [event, ...instead],
      );
    },
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
    async endAll(userId, event, keep) {
      if ((await one(database, openBut, { userId, keep: keep ?? "" })) === undefined) return false;
      return audit.commit(endings.begin(userId, event.at, keep), [event], "urgent");
    },
    openedFrom: async (userId, addressBucket) =>
      (await one(database, openedFrom, { userId, addressBucket })) !== undefined,
  };
}

/** The columns of a person's own login. */
const noClient: ClientColumns = { clientId: null, clientName: null, scope: null, resource: null };

function rowOf({ client, ...session }: Session): SessionRow {
  return { ...session, ...(client === null ? noClient : columnsOf(client)) };
}

function columnsOf({ id, name, scope, resource }: SessionClient): ClientColumns {
  return { clientId: id, clientName: name, scope, resource };
}

function sessionIn({ clientId, clientName, scope, resource, ...session }: SessionRow): Session {
  if (clientId === null) return { ...session, client: null };
  return {
    ...session,
    client: { id: clientId, name: clientName ?? "", scope: scope ?? "", resource: resource ?? "" },
  };
}

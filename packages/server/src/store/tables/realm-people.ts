import type { RealmAuthorization, RealmPeople, RealmPerson } from "../../core/stories/realm-people.ts";
import type { SessionClient } from "../../core/stories/sessions.ts";
import type { User } from "../../core/stories/users.ts";
import { type Database, must, one, step } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";
import type { AuditWriter } from "./audit.ts";

interface PersonRow extends Omit<RealmPerson, "roles"> {
  /** A JSON array. */
  readonly roles: string;
}

// No local user has such a key: a name has no space. The empty hash fits no password. `created_at` is the time of the
// last sign-in: people without a session are deleted a day after it.
const record = statement<PersonRow & { nameKey: string; at: number }>(`
  insert into users (id, username, username_key, email, email_key, display_name, roles, password_hash, active,
    revision, created_at, issuer)
  values (:id, :username, :nameKey, :email, :nameKey, :displayName, :roles, '', 1, 0, :at, :issuer)
  on conflict (id) do update set username = excluded.username, email = excluded.email,
    display_name = excluded.display_name, roles = excluded.roles, created_at = excluded.created_at,
    issuer = excluded.issuer
  where users.issuer is not null`);

const describe = statement<PersonRow>(`
  update users set username = :username, email = :email, display_name = :displayName, roles = :roles,
    issuer = :issuer
  where id = :id and issuer is not null`);

type AuthorizationRow = Omit<RealmAuthorization, "client"> & {
  readonly clientId: string;
  readonly clientName: string;
  readonly scope: string;
  readonly resource: string;
  readonly tokens: string;
};

const authorize = statement<AuthorizationRow>(`
  insert into authorizations (code_hash, user_id, revision, client_id, client_name, redirect_uri, challenge, scope,
    resource, address_bucket, created_at, expires_at, sealed_realm_tokens)
  select :codeHash, users.id, users.revision, :clientId, :clientName, :redirectUri, :challenge, :scope,
    :resource, :addressBucket, :createdAt, :expiresAt, :tokens
  from users where users.id = :userId and users.issuer is not null`);

const byId = statement<{ id: string }, PersonRow & { active: number }>(`
  select id, username, email, display_name as "displayName", roles, active, issuer
  from users where id = :id and issuer is not null`);

/** Sessions of an earlier epoch have ended, although their rows are not marked yet. */
const isOpen = `sessions.ended_at is null
  and sessions.epoch >= (select users.epoch from users where users.id = sessions.user_id)`;

const tokensOf = statement<{ id: string }, { tokens: string | null }>(`
  select sealed_realm_tokens as tokens from sessions where id = :id and ${isOpen}`);

const replace = statement<{ id: string; from: string; to: string }>(`
  update sessions set sealed_realm_tokens = :to
  where id = :id and sealed_realm_tokens = :from and ended_at is null`);

const ofOthers = statement<{ userId: string; id: string }, { tokens: string }>(`
  select sealed_realm_tokens as tokens from sessions
  where user_id = :userId and id != :id and sealed_realm_tokens is not null and ${isOpen}`);

const ended = statement<NoValues, { id: string; userId: string; tokens: string }>(`
  select id, user_id as "userId", sealed_realm_tokens as tokens from sessions
  where ended_at is not null and sealed_realm_tokens is not null order by ended_at limit 100`);

const forget = statement<{ id: string }>("update sessions set sealed_realm_tokens = null where id = :id");

/** The rows of `users` with an issuer, and the realm's tokens in `sessions`. */
export function realmPeopleTable(database: Database, audit: AuditWriter): RealmPeople {
  return {
    async byId(id) {
      const row = await one(database, byId, { id });
      return row && userOf(row);
    },
    allow(person, { client, ...authorization }, tokens, event) {
      const row = { ...authorization, ...columnsOf(client), tokens };
      const at = authorization.createdAt;
      return audit.commit(
        [must(record, { ...rowOf(person), nameKey: `realm ${person.id}`, at }), must(authorize, row)],
        [event],
      );
    },
    tokensOf: async (id) => (await one(database, tokensOf, { id }))?.tokens ?? undefined,
    replaceTokens: (id, from, to, person) =>
      database.commit([
        must(replace, { id, from, to }),
        ...(person === undefined ? [] : [step(describe, rowOf(person))]),
      ]),
    tokensOfOthers: async (userId, id) =>
      (await database.all(ofOthers, { userId, id })).map(({ tokens }) => tokens),
    ended: () => database.all(ended, {}),
    async forgetTokens(id) {
      await database.commit([step(forget, { id })], "urgent");
    },
  };
}

function rowOf({ id, username, email, displayName, roles, issuer }: RealmPerson): PersonRow {
  return { id, username, email, displayName, roles: JSON.stringify(roles), issuer };
}

function columnsOf({ id: clientId, name: clientName, scope, resource }: SessionClient) {
  return { clientId, clientName, scope, resource };
}

function userOf({ id, username, email, displayName, roles, active }: PersonRow & { active: number }): User {
  const read: unknown = JSON.parse(roles);
  const texts = Array.isArray(read) ? read.filter((role) => typeof role === "string") : [];
  return { id, username, email, displayName, active: active === 1, roles: texts };
}

import type { User } from "../../core/people/users.ts";
import type { RealmPeople, RealmPerson } from "../../core/stories/realm-people.ts";
import { type Database, must, one, step } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";
import type { AuditWriter } from "./audit.ts";
import { addingSteps } from "./authorizations.ts";
import { lockOpenClient } from "./client-locks.ts";
import { textsIn } from "./json-texts.ts";
import { isOfItsUsersEpoch, isOfLiveClient } from "./session-rows.ts";

interface PersonRow extends Omit<RealmPerson, "roles"> {
  /** A JSON array. */
  readonly roles: string;
}

/** The revision of every person of a realm. They have no password here, and nobody disables them here. */
const revision = 0;

// No local user has such a key: a name has no space. The empty hash fits no password. `created_at` is the time of the
// last sign-in: people without a session are deleted a day after it.
const record = statement<PersonRow & { nameKey: string; at: number }>(`
  insert into users (id, username, username_key, email, email_key, display_name, roles, password_hash, active,
    revision, created_at, issuer)
  values (:id, :username, :nameKey, :email, :nameKey, :displayName, :roles, '', 1, ${revision}, :at, :issuer)
  on conflict (id) do update set username = excluded.username, email = excluded.email,
    display_name = excluded.display_name, roles = excluded.roles, created_at = excluded.created_at,
    issuer = excluded.issuer
  where users.issuer is not null`);

const describe = statement<PersonRow>(`
  update users set username = :username, email = :email, display_name = :displayName, roles = :roles,
    issuer = :issuer
  where id = :id and issuer is not null`);

const addTokens = statement<{ codeHash: string; tokens: string }>(`
  update authorizations set sealed_realm_tokens = :tokens where code_hash = :codeHash`);

const byId = statement<{ id: string }, PersonRow & { active: number }>(`
  select id, username, email, display_name as "displayName", roles, active, issuer
  from users where id = :id and issuer is not null`);

/** A session has ended with all of its user or client, although its row is not marked yet. */
const isOpen = `sessions.ended_at is null and ${isOfItsUsersEpoch} and ${isOfLiveClient}`;

const tokensOf = statement<{ id: string }, { tokens: string | null }>(`
  select sealed_realm_tokens as tokens from sessions where id = :id and ${isOpen}`);

const replace = statement<{ id: string; from: string; to: string }>(`
  update sessions set sealed_realm_tokens = :to
  where id = :id and sealed_realm_tokens = :from and ended_at is null`);

const ofOthers = statement<{ userId: string; id: string }, { tokens: string }>(`
  select sealed_realm_tokens as tokens from sessions
  where user_id = :userId and id != :id and sealed_realm_tokens is not null and ${isOpen}`);

const ofCodes = statement<{ userId: string }, { tokens: string }>(`
  select sealed_realm_tokens as tokens from authorizations
  where user_id = :userId and sealed_realm_tokens is not null`);

const ended = statement<NoValues, { id: string; userId: string; tokens: string }>(`
  select id, user_id as "userId", sealed_realm_tokens as tokens from sessions
  where ended_at is not null and sealed_realm_tokens is not null order by ended_at limit 100`);

const isUnused = "sealed_realm_tokens is not null and expires_at < :before";

const unused = statement<{ before: number }, { codeHash: string }>(`
  select code_hash as "codeHash" from authorizations where ${isUnused} limit 1`);

const forgetUnused = statement<{ before: number }>(`
  update authorizations set sealed_realm_tokens = null where ${isUnused}`);

const forget = statement<{ id: string }>("update sessions set sealed_realm_tokens = null where id = :id");

/** The rows of `users` with an issuer, and the realm's tokens in `sessions`. */
export function realmPeopleTable(database: Database, audit: AuditWriter): RealmPeople {
  return {
    async byId(id) {
      const row = await one(database, byId, { id });
      return row && userOf(row);
    },
    allow(person, authorization, tokens, event) {
      const { client, codeHash, createdAt: at } = authorization;
      return audit.commit(
        [
          ...lockOpenClient(database, client.id),
          must(record, { ...rowOf(person), nameKey: `realm ${person.id}`, at }),
          ...addingSteps(database, { ...authorization, revision }),
          must(addTokens, { codeHash, tokens }),
        ],
        [event],
      );
    },
    tokensOf: async (id) => (await one(database, tokensOf, { id }))?.tokens ?? undefined,
    replaceTokens: (id, from, to, person) =>
      database.commit([
        // Every change locks the user before the session. So this one never deadlocks with the end of all sessions.
        ...(person === undefined ? [] : [step(describe, rowOf(person))]),
        must(replace, { id, from, to }),
      ]),
    tokensOfOthers: async (userId, id) =>
      (await database.all(ofOthers, { userId, id })).map(({ tokens }) => tokens),
    tokensOfCodes: async (userId) => (await database.all(ofCodes, { userId })).map(({ tokens }) => tokens),
    ended: () => database.all(ended, {}),
    async forgetTokens(id) {
      await database.commit([step(forget, { id })], "urgent");
    },
    async forgetTokensOfCodes(before) {
      // Most runs of the job find nothing, and then write nothing.
      if ((await one(database, unused, { before })) === undefined) return;
      await database.commit([step(forgetUnused, { before })], "urgent");
    },
  };
}

function rowOf({ id, username, email, displayName, roles, issuer }: RealmPerson): PersonRow {
  return { id, username, email, displayName, roles: JSON.stringify(roles), issuer };
}

function userOf({ id, username, email, displayName, roles, active }: PersonRow & { active: number }): User {
  return { id, username, email, displayName, active: active === 1, roles: textsIn(roles) };
}

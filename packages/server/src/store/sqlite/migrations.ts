/**
 * The statements of every migration of a SQLite database, in order. A released migration is never changed. Times are
 * milliseconds since the epoch, truth values 0 and 1, lists JSON.
 */
export const sqliteMigrations: readonly (readonly string[])[] = [
  // 1: users, sessions, revocations, signing keys, audit events. The readiness check writes the one row of `heartbeat`.
  [
    `create table users (
      id text not null primary key,
      username text not null,
      username_key text not null unique,
      email text not null,
      email_key text not null unique,
      display_name text,
      roles text not null,
      password_hash text not null,
      active integer not null,
      revision integer not null,
      created_at integer not null
    ) strict`,
    `create table sessions (
      id text not null primary key,
      user_id text not null references users (id) on delete cascade,
      generation integer not null,
      refresh_hash text not null,
      rotated_at integer not null,
      created_at integer not null,
      last_used_at integer not null,
      expires_at integer not null,
      ends_at integer not null,
      tokens_until integer not null,
      ended_at integer,
      address_bucket text not null
    ) strict, without rowid`,
    "create index sessions_by_user on sessions (user_id, address_bucket)",
    "create index sessions_by_expiry on sessions (expires_at)",
    `create table revocations (
      number integer primary key autoincrement,
      session_id text not null,
      until integer not null
    ) strict`,
    "create index revocations_by_until on revocations (until)",
    `create table signing_keys (
      kid text not null primary key,
      public_jwk text not null,
      sealed_private_key text not null,
      created_at integer not null,
      activated_at integer,
      retired_at integer,
      keep_until integer
    ) strict`,
    `create table audit_events (
      number integer primary key autoincrement,
      at integer not null,
      name text not null,
      subject text,
      session_id text,
      address text not null,
      request_id text,
      reason text
    ) strict`,
    "create table heartbeat (id integer primary key, beats integer not null) strict",
    "create index audit_events_by_time on audit_events (at)",
  ],
  // 2: audit events name the actor.
  ["alter table audit_events add column actor text"],
  // 3: sessions at an identity provider.
  [
    `create table realm_sessions (
      id text not null primary key,
      user_id text not null,
      name_key text not null,
      address_bucket text not null,
      sealed_hint text,
      tokens_until integer not null,
      keep_until integer not null,
      ended_at integer,
      told_at integer
    ) strict, without rowid`,
    "create index realm_sessions_by_name on realm_sessions (name_key, keep_until)",
    "create index realm_sessions_by_user on realm_sessions (user_id, address_bucket)",
    "create index realm_sessions_by_end on realm_sessions (told_at, ended_at)",
    "create index realm_sessions_by_keeping on realm_sessions (keep_until)",
  ],
  // 4: repeats of the refresh token before the current one. They count if `repeats_generation` is the session's
  // generation.
  [
    "alter table sessions add column repeats integer not null default 0",
    "alter table sessions add column repeats_generation integer not null default 0",
  ],
  // 5: one row with the last reading of the clock, and its leaps that are not believed yet.
  [
    `create table deletion_time (
      id integer not null primary key,
      seen_at integer not null,
      leaps text not null
    ) strict`,
  ],
  // 6: all sessions of a user end with one row. A user's epoch is raised when all their sessions end. A session keeps
  // the epoch of its opening. A removed user's row waits for its last sessions to be deleted. `session_endings` lists
  // users with sessions that are not marked yet.
  [
    "alter table users add column epoch integer not null default 0",
    "alter table users add column removed integer not null default 0",
    "alter table sessions add column epoch integer not null default 0",
    "create table session_endings (user_id text not null primary key) strict, without rowid",
    "create index sessions_open on sessions (user_id, created_at) where ended_at is null",
  ],
  // 7: audit events name the process that recorded them. Events of older versions have null.
  ["alter table audit_events add column replica text"],
  // 8: OAuth. A session of a client has its id, its name, its scope and its resource; a person's own login has null.
  // `authorizations` holds the hash of each code. `clients` holds clients that the operator added or blocked;
  // `client_endings` those with sessions that are not marked yet. A user with an issuer signed in at a realm.
  [
    "alter table sessions add column client_id text",
    "alter table sessions add column client_name text",
    "alter table sessions add column scope text",
    "alter table sessions add column resource text",
    "alter table sessions add column sealed_realm_tokens text",
    "create index sessions_by_client on sessions (client_id, created_at) where client_id is not null and ended_at is null",
    `create table authorizations (
      code_hash text not null primary key,
      user_id text not null references users (id) on delete cascade,
      revision integer not null,
      epoch integer not null,
      client_id text not null,
      client_name text not null,
      redirect_uri text not null,
      challenge text not null,
      scope text not null,
      resource text not null,
      address_bucket text not null,
      created_at integer not null,
      expires_at integer not null,
      session_id text,
      redeemed_at integer,
      sealed_realm_tokens text
    ) strict, without rowid`,
    "create index authorizations_by_expiry on authorizations (expires_at)",
    "create index authorizations_by_user on authorizations (user_id)",
    `create index authorizations_with_realm_tokens on authorizations (expires_at)
      where sealed_realm_tokens is not null`,
    "create index authorizations_unused on authorizations (client_id) where session_id is null",
    `create table clients (
      id text not null primary key,
      name text not null,
      redirect_uris text not null,
      credentials text not null,
      grant_types text not null,
      roles text not null,
      scope text not null,
      session_id text,
      created_at integer not null,
      blocked_at integer
    ) strict, without rowid`,
    `create table client_endings (
      client_id text not null primary key,
      ended_at integer not null
    ) strict, without rowid`,
    `create table resources (
      url text not null primary key,
      name text,
      scopes text not null,
      created_at integer not null
    ) strict, without rowid`,
    `create table client_documents (
      id text not null primary key,
      document text,
      fetched_at integer not null,
      fresh_until integer not null
    ) strict, without rowid`,
    "alter table users add column issuer text",
    "create index users_of_realms on users (created_at) where issuer is not null",
    `create index sessions_to_end_at_realm on sessions (ended_at)
      where ended_at is not null and sealed_realm_tokens is not null`,
    "alter table audit_events add column client text",
  ],
  // 9: audit events name the resource that a client was allowed, or got a token for.
  ["alter table audit_events add column resource text"],
  // 10: administration and mail. `version` counts the changes that an administrator sees. `display_key` is the folded display
  // name, for the search. `spent_ids` has the SHA-256 of every id of a removed user: none is given again. `links` are the
  // links in mails, `outbox` the mails that are not sent yet, `known_addresses` those that a user has signed in from.
  // `erasures` lists removed users whose audit events still name them. `idempotency_keys` has the answers to creating
  // requests. `password_failures` counts the failures of a password in a row.
  [
    "alter table users add column version integer not null default 0",
    "alter table users add column must_change_password integer not null default 0",
    "alter table users add column password_changed_at integer",
    "alter table users add column last_login_at integer",
    "alter table users add column email_verified_at integer",
    "alter table users add column display_key text",
    "create index users_by_display_key on users (display_key, id) where display_key is not null",
    "create index users_without_display_key on users (id) where issuer is null and display_key is null and display_name is not null",
    // Few users are disabled, or have other roles than `user` alone: a search for them reads these indexes.
    "create index users_disabled_by_name on users (username_key, id) where removed = 0 and issuer is null and active = 0",
    "create index users_disabled_by_email on users (email_key, id) where removed = 0 and issuer is null and active = 0",
    "create index users_disabled_by_display on users (display_key, id) where removed = 0 and issuer is null and active = 0",
    `create index users_with_roles_by_name on users (username_key, id)
      where removed = 0 and issuer is null and roles != '["user"]'`,
    `create index users_with_roles_by_email on users (email_key, id)
      where removed = 0 and issuer is null and roles != '["user"]'`,
    `create index users_with_roles_by_display on users (display_key, id)
      where removed = 0 and issuer is null and roles != '["user"]'`,
    "create table spent_ids (digest text not null primary key) strict, without rowid",
    "insert into spent_ids (digest) select distinct latchkey_sha256(subject) from audit_events where name = 'user.removed' and subject is not null",
    `create table links (
      id text not null primary key,
      purpose text not null,
      user_id text references users (id) on delete cascade,
      revision integer,
      email text not null,
      roles text,
      invited_by text,
      invited_with text,
      created_at integer not null,
      expires_at integer not null
    ) strict, without rowid`,
    "create index links_by_expiry on links (expires_at)",
    "create index links_by_user on links (user_id)",
    "create index links_by_address on links (lower(email), id)",
    "create index links_by_inviter on links (invited_by, id) where invited_by is not null",
    "create index invitations on links (id) where roles is not null",
    `create table outbox (
      id text not null primary key,
      kind text not null,
      recipient text not null,
      user_id text,
      link_id text,
      language text not null,
      details text not null,
      created_at integer not null,
      next_try_at integer not null,
      attempts integer not null default 0,
      claimed_by text,
      claimed_until integer
    ) strict, without rowid`,
    "create index outbox_by_next_try on outbox (next_try_at)",
    "create index outbox_by_link on outbox (link_id) where link_id is not null",
    `create table known_addresses (
      user_id text not null references users (id) on delete cascade,
      digest text not null,
      last_seen_at integer not null,
      primary key (user_id, digest)
    ) strict, without rowid`,
    `create table erasures (
      user_id text not null primary key,
      removed_at integer not null,
      pseudonym text,
      begun_at integer,
      rewritten_to integer not null default 0,
      last_reading integer not null default 0
    ) strict, without rowid`,
    "create index erasures_waiting on erasures (removed_at) where pseudonym is null",
    "create index erasures_begun on erasures (begun_at) where pseudonym is not null",
    `create table idempotency_keys (
      digest text not null primary key,
      request_digest text not null,
      answer text,
      expires_at integer not null
    ) strict, without rowid`,
    "create index idempotency_keys_by_expiry on idempotency_keys (expires_at)",
    `create table password_failures (
      key text not null primary key,
      user_id text references users (id) on delete cascade,
      password_set_at integer not null,
      failures integer not null
    ) strict, without rowid`,
    "create index password_failures_by_user on password_failures (user_id) where user_id is not null",
  ],
  // 11: the purge sweeps these tables in the order of their keys.
  ["drop index sessions_by_expiry", "drop index audit_events_by_time"],
];

/**
 * The statements of every migration of a PostgreSQL database, in order. A released migration is never changed. The
 * collation "C" compares bytes, as SQLite does, whatever the database's language.
 */
export const postgresMigrations: readonly (readonly string[])[] = [
  // 1: users, sessions, revocations, signing keys, audit events, attempts.
  [
    `create table users (
      id text collate "C" primary key,
      username text not null,
      username_key text collate "C" not null unique,
      email text not null,
      email_key text collate "C" not null unique,
      display_name text,
      roles text not null,
      password_hash text not null,
      active bigint not null,
      revision bigint not null,
      created_at bigint not null
    )`,
    `create table sessions (
      id text collate "C" primary key,
      user_id text collate "C" not null references users (id) on delete cascade,
      generation bigint not null,
      refresh_hash text not null,
      rotated_at bigint not null,
      created_at bigint not null,
      last_used_at bigint not null,
      expires_at bigint not null,
      ends_at bigint not null,
      tokens_until bigint not null,
      ended_at bigint,
      address_bucket text collate "C" not null
    )`,
    "create index sessions_by_user on sessions (user_id, address_bucket)",
    "create index sessions_by_expiry on sessions (expires_at)",
    `create table revocations (
      number bigint generated always as identity primary key,
      session_id text not null,
      until bigint not null
    )`,
    "create index revocations_by_until on revocations (until)",
    `create table signing_keys (
      kid text collate "C" primary key,
      public_jwk text not null,
      sealed_private_key text not null,
      created_at bigint not null,
      activated_at bigint,
      retired_at bigint,
      keep_until bigint
    )`,
    `create table audit_events (
      number bigint generated always as identity primary key,
      at bigint not null,
      name text not null,
      subject text,
      session_id text,
      address text not null,
      request_id text,
      reason text,
      actor text
    )`,
    "create index audit_events_by_time on audit_events using brin (at)",
    "create table heartbeat (id bigint primary key, beats bigint not null)",
    `create table realm_sessions (
      id text collate "C" primary key,
      user_id text collate "C" not null,
      name_key text collate "C" not null,
      address_bucket text collate "C" not null,
      sealed_hint text,
      tokens_until bigint not null,
      keep_until bigint not null,
      ended_at bigint,
      told_at bigint
    )`,
    "create index realm_sessions_by_name on realm_sessions (name_key, keep_until)",
    "create index realm_sessions_by_user on realm_sessions (user_id, address_bucket)",
    "create index realm_sessions_by_end on realm_sessions (ended_at) where told_at is null",
    "create index realm_sessions_by_keeping on realm_sessions (keep_until)",
    // Unlogged: a crash of the database may forget the attempts, and no attempt waits for a flush to disk.
    `create unlogged table attempts (
      key text collate "C" primary key,
      failures bigint not null,
      open bigint not null,
      most bigint not null,
      window_ends bigint not null,
      turned_away bigint not null
    ) with (fillfactor = 50)`,
    "create index attempts_by_end on attempts (window_ends)",
    // Readers of the list remember the highest number. A lower number that became visible later would be missed, so
    // this lock serializes additions until their commit.
    `create function latchkey_in_order() returns trigger language plpgsql as $$
      begin
        perform pg_advisory_xact_lock(7310868735423766888);
        return null;
      end
    $$`,
    `create trigger in_order before insert on revocations
      for each statement execute function latchkey_in_order()`,
    `create function latchkey_tell() returns trigger language plpgsql as $$
      begin
        perform pg_notify('latchkey', '');
        return null;
      end
    $$`,
    "create trigger tell after insert on revocations for each statement execute function latchkey_tell()",
    "create trigger tell after insert or update on signing_keys for each statement execute function latchkey_tell()",
  ],
  // 2: attempts by the database's clock, and the deadline of attempts without an outcome.
  [
    // An older replica sets no deadline: its slots stay reserved until the window ends, as before.
    "alter table attempts add column open_until bigint not null default 9007199254740991",
    // One clock measures all windows, whatever the clocks of the replicas.
    `create function latchkey_now() returns bigint language sql stable as $$
      select floor(extract(epoch from statement_timestamp()) * 1000)::bigint
    $$`,
  ],
  // 3: repeats of a refresh token.
  [
    "alter table sessions add column repeats bigint not null default 0",
    "alter table sessions add column repeats_generation bigint not null default 0",
  ],
  // 4: the last reading of the clock that deletions follow.
  [
    `create table deletion_time (
      id bigint primary key,
      seen_at bigint not null,
      leaps text not null
    )`,
  ],
  // 5: all sessions of a user end with one row. Their own rows follow in batches.
  [
    "alter table users add column epoch bigint not null default 0",
    "alter table users add column removed bigint not null default 0",
    "alter table sessions add column epoch bigint not null default 0",
    `create table session_endings (user_id text collate "C" primary key)`,
    "create index sessions_open on sessions (user_id, created_at) where ended_at is null",
    "create trigger tell after insert on session_endings for each statement execute function latchkey_tell()",
    // An older replica opens sessions without an epoch: then the trigger sets the user's.
    "alter table sessions alter column epoch set default -1",
    `create function latchkey_epoch() returns trigger language plpgsql as $$
      begin
        select users.epoch into new.epoch from users where users.id = new.user_id;
        return new;
      end
    $$`,
    `create trigger epoch before insert on sessions
      for each row when (new.epoch < 0) execute function latchkey_epoch()`,
  ],
  // 6: audit events name the process that recorded them. Events of an older replica have null.
  ["alter table audit_events add column replica text"],
  // 7: OAuth. A session of a client has its id, its name, its scope and its resource; a person's own login has null.
  [
    'alter table sessions add column client_id text collate "C"',
    "alter table sessions add column client_name text",
    "alter table sessions add column scope text",
    "alter table sessions add column resource text",
    "alter table sessions add column sealed_realm_tokens text",
    "create index sessions_by_client on sessions (client_id, created_at) where client_id is not null and ended_at is null",
    `create table authorizations (
      code_hash text collate "C" not null primary key,
      user_id text collate "C" not null references users (id) on delete cascade,
      revision bigint not null,
      epoch bigint not null,
      client_id text collate "C" not null,
      client_name text not null,
      redirect_uri text not null,
      challenge text not null,
      scope text not null,
      resource text not null,
      address_bucket text collate "C" not null,
      created_at bigint not null,
      expires_at bigint not null,
      session_id text collate "C",
      redeemed_at bigint,
      sealed_realm_tokens text
    )`,
    "create index authorizations_by_expiry on authorizations (expires_at)",
    "create index authorizations_by_user on authorizations (user_id)",
    `create index authorizations_with_realm_tokens on authorizations (expires_at)
      where sealed_realm_tokens is not null`,
    "create index authorizations_unused on authorizations (client_id) where session_id is null",
    `create table clients (
      id text collate "C" not null primary key,
      name text not null,
      redirect_uris text not null,
      credentials text not null,
      grant_types text not null,
      roles text not null,
      scope text not null,
      session_id text collate "C",
      created_at bigint not null,
      blocked_at bigint
    )`,
    `create table client_endings (
      client_id text collate "C" not null primary key,
      ended_at bigint not null
    )`,
    `create table resources (
      url text collate "C" not null primary key,
      name text,
      scopes text not null,
      created_at bigint not null
    )`,
    `create table client_documents (
      id text collate "C" not null primary key,
      document text,
      fetched_at bigint not null,
      fresh_until bigint not null
    )`,
    "create trigger tell after insert on client_endings for each statement execute function latchkey_tell()",
    "alter table users add column issuer text",
    "create index users_of_realms on users (created_at) where issuer is not null",
    `create index sessions_to_end_at_realm on sessions (ended_at)
      where ended_at is not null and sealed_realm_tokens is not null`,
    "alter table audit_events add column client text",
  ],
  // 8: audit events name the resource that a client was allowed, or got a token for.
  ["alter table audit_events add column resource text"],
  // 9: administration and mail. `version` counts the changes that an administrator sees. `display_key` is the folded display
  // name, for the search. `spent_ids` has the SHA-256 of every id of a removed user: none is given again. `links` are the
  // links in mails, `outbox` the mails that are not sent yet, `known_addresses` those that a user has signed in from.
  // `erasures` lists removed users whose audit events still name them. `idempotency_keys` has the answers to creating
  // requests. `password_failures` counts the failures of a password in a row.
  [
    "alter table users add column version bigint not null default 0",
    "alter table users add column must_change_password bigint not null default 0",
    "alter table users add column password_changed_at bigint",
    // Every login updates the user's row. With room in its page, the update leaves the indexes as they are.
    "alter table users set (fillfactor = 80)",
    "alter table users add column last_login_at bigint",
    "alter table users add column email_verified_at bigint",
    'alter table users add column display_key text collate "C"',
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
    'create table spent_ids (digest text collate "C" not null primary key)',
    `create function latchkey_sha256(id text) returns text language sql immutable as $$
      select encode(sha256(convert_to(id, 'UTF8')), 'hex')
    $$`,
    `insert into spent_ids (digest)
      select distinct latchkey_sha256(subject) from audit_events where name = 'user.removed' and subject is not null`,
    // An older replica deletes a removed user's row, and does not remember the id.
    `create function latchkey_spend() returns trigger language plpgsql as $$
      begin
        insert into spent_ids (digest) values (latchkey_sha256(old.id)) on conflict do nothing;
        return null;
      end
    $$`,
    `create trigger spend after delete on users
      for each row when (old.issuer is null) execute function latchkey_spend()`,
    `create table links (
      id text collate "C" not null primary key,
      purpose text not null,
      user_id text collate "C" references users (id) on delete cascade,
      revision bigint,
      email text not null,
      roles text,
      invited_by text collate "C",
      invited_with text collate "C",
      created_at bigint not null,
      expires_at bigint not null
    )`,
    "create index links_by_expiry on links (expires_at)",
    "create index links_by_user on links (user_id)",
    "create index links_by_address on links (lower(email), id)",
    "create index links_by_inviter on links (invited_by, id) where invited_by is not null",
    "create index invitations on links (id) where roles is not null",
    `create table outbox (
      id text collate "C" not null primary key,
      kind text not null,
      recipient text not null,
      user_id text collate "C",
      link_id text collate "C",
      language text not null,
      details text not null,
      created_at bigint not null,
      next_try_at bigint not null,
      attempts bigint not null default 0,
      claimed_by text,
      claimed_until bigint
    )`,
    "create index outbox_by_next_try on outbox (next_try_at)",
    "create index outbox_by_link on outbox (link_id) where link_id is not null",
    `create table known_addresses (
      user_id text collate "C" not null references users (id) on delete cascade,
      digest text collate "C" not null,
      last_seen_at bigint not null,
      primary key (user_id, digest)
    )`,
    `create table erasures (
      user_id text collate "C" not null primary key,
      removed_at bigint not null,
      pseudonym text,
      begun_at bigint,
      rewritten_to bigint not null default 0,
      last_reading bigint not null default 0
    )`,
    "create index erasures_waiting on erasures (removed_at) where pseudonym is null",
    "create index erasures_begun on erasures (begun_at) where pseudonym is not null",
    `create table idempotency_keys (
      digest text collate "C" not null primary key,
      request_digest text not null,
      answer text,
      expires_at bigint not null
    )`,
    "create index idempotency_keys_by_expiry on idempotency_keys (expires_at)",
    `create table password_failures (
      key text collate "C" not null primary key,
      user_id text collate "C" references users (id) on delete cascade,
      password_set_at bigint not null,
      failures bigint not null
    )`,
    "create index password_failures_by_user on password_failures (user_id) where user_id is not null",
  ],
  // 10: the purge sweeps the sessions in the order of their ids. A dump that runs holds the table, and every login would
  // wait behind this statement: the start fails after two seconds instead.
  ["set local lock_timeout = '2s'", "drop index sessions_by_expiry"],
];

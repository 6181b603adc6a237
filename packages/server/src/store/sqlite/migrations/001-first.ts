// Times are milliseconds since the epoch, truth values 0 and 1, lists JSON. The table `heartbeat` has one row. The
// readiness check writes it.
export const first = {
  number: 1,
  name: "users, sessions, revocations, signing keys, audit events",
  statements: [
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
};

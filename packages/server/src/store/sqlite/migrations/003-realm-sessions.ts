export const realmSessions = {
  number: 3,
  name: "sessions that an identity provider keeps",
  statements: [
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
};

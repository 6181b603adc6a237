// A user's epoch is raised when all their sessions end. A session keeps the epoch of its opening. A removed user's row
// waits for its last sessions to be deleted. `session_endings` lists users with sessions that are not marked yet.
export const sessionEpochs = {
  number: 6,
  name: "all sessions of a user end with one row; their own rows follow in batches",
  statements: [
    "alter table users add column epoch integer not null default 0",
    "alter table users add column removed integer not null default 0",
    "alter table sessions add column epoch integer not null default 0",
    "create table session_endings (user_id text not null primary key) strict, without rowid",
    "create index sessions_open on sessions (user_id, created_at) where ended_at is null",
  ],
};

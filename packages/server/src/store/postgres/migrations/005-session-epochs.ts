export const sessionEpochs = {
  number: 5,
  name: "all sessions of a user end with one row; their own rows follow in batches",
  statements: [
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
};

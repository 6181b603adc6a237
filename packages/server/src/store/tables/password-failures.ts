import { type FailuresInARow, withoutAccount } from "../../core/throttle/failures-in-a-row.ts";
import { type Database, one, step } from "../database.ts";
import { statement } from "../statement.ts";

interface Key {
  readonly key: string;
}

// A new password has another time, and its count begins with this attempt. The id of a removed user gets no row: nothing
// would ever delete it.
const count = statement<Key>(`
  insert into password_failures (key, user_id, password_set_at, failures)
  select attempt.key, users.id, coalesce(users.password_changed_at, 0), 1
  from (select cast(:key as text) as key) as attempt left join users on users.id = attempt.key
  where users.id is not null or attempt.key like '${withoutAccount}%'
  on conflict (key) do update set
    failures = case
      when password_failures.password_set_at = excluded.password_set_at then password_failures.failures + 1
      else 1 end,
    password_set_at = excluded.password_set_at`);

const counted = statement<Key, { failures: number }>(
  "select failures from password_failures where key = :key",
);

const takeBack = statement<Key>(
  "update password_failures set failures = failures - 1 where key = :key and failures > 0",
);

const reset = statement<Key>("update password_failures set failures = 0 where key = :key");

/** The table `password_failures`. A removed user takes their row along. */
export function passwordFailureTable(database: Database): FailuresInARow {
  return {
    async begin(key) {
      await database.commit([step(count, { key })]);
      // Attempts at the same time may see each other: the limit is reached early rather than late.
      return (await one(database, counted, { key }))?.failures ?? 1;
    },
    async takeBack(key) {
      await database.commit([step(takeBack, { key })]);
    },
    async reset(key) {
      await database.commit([step(reset, { key })]);
    },
  };
}

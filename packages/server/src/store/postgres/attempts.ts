import type { CountedLimit } from "../../core/throttle/attempt-counter.ts";
import { type Database, must, one, step } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";

/** The count of a key. */
export interface AttemptCount {
  readonly key: string;
  readonly failures: number;
  readonly most: number;
  /** Milliseconds until the window ends, by the database's clock; at most the window. */
  readonly remaining: number;
}

/** The count of a key and the outcome of a reservation. */
export interface SlotCount extends AttemptCount {
  /** Whether the key was at its limit when the statement began. */
  readonly full: boolean;
  /** Whether a slot was reserved. A concurrent statement can take the last slot after the check. */
  readonly taken: boolean;
  /** Whether the window or the deadline ends later than its length allows, because the clock was set back. */
  readonly tooLong: boolean;
}

interface Rules {
  readonly keys: readonly string[];
  readonly limits: readonly number[];
  readonly windows: readonly number[];
}

/** The attempts of all replicas, in windows by the database's clock. Every statement is atomic. */
export interface AttemptTable {
  /** Reserves a slot under each key if all have room. Otherwise nothing is written. */
  open(limits: readonly CountedLimit[]): Promise<SlotCount[]>;
  /** Cuts windows and deadlines to their length, after the clock was set back. */
  cut(limits: readonly CountedLimit[]): Promise<void>;
  /** Releases the slots and counts a failure, if it was one. */
  settle(limits: readonly CountedLimit[], failed: boolean): Promise<AttemptCount[]>;
  /** Counts a failure under each key, also beyond the limit. */
  fail(limits: readonly CountedLimit[]): Promise<AttemptCount[]>;
  /** @returns whether this is the first refusal within the window */
  turnAway(key: string): Promise<boolean>;
  /** Forgets the failures of a key, and of every key that continues it after a space. */
  forget(key: string): Promise<void>;
  /** Deletes windows that are over. */
  prune(): Promise<void>;
}

/** Windows that one statement deletes. */
const prunedAtOnce = 5000;

/** Longest duration of an attempt, in milliseconds. A slot that was not released is free after it. */
export const longestAttempt = 60_000;

const wanted = `wanted as (
  select key, most, span, latchkey_now() as now
  from unnest(cast(:keys as text[]), cast(:limits as bigint[]), cast(:windows as bigint[])) as given (key, most, span))`;

const failuresAt = (now: string) => `case when held.window_ends <= ${now} then 0 else held.failures end`;
const openAt = (now: string) =>
  `case when least(held.window_ends, held.open_until) <= ${now} then 0 else held.open end`;

/** The time of an upsert, derived from the row that it would insert. */
const itsNow = `(excluded.open_until - ${longestAttempt})`;
const isOver = `held.window_ends <= ${itsNow}`;

/** Rows are always locked in the order of their keys, so that two statements cannot deadlock. */
const upsert = (failures: number, open: number, from: string) => `
  insert into attempts as held (key, failures, open, most, window_ends, turned_away, open_until)
  select key, ${failures}, ${open}, most, now + span, 0, now + ${longestAttempt} from ${from} order by key
  on conflict (key) do update set
    failures = excluded.failures + ${failuresAt(itsNow)},
    open = excluded.open + ${openAt(itsNow)},
    most = excluded.most,
    turned_away = case when ${isOver} then 0 else held.turned_away end,
    window_ends = case when ${isOver} then excluded.window_ends else least(held.window_ends, excluded.window_ends) end,
    open_until = case when excluded.open > 0 then excluded.open_until else held.open_until end`;

const open = statement<Rules, SlotCount>(`
  with ${wanted},
  seen as materialized (
    select key, wanted.most, span, now, greatest(held.window_ends - now, 0) as ahead,
      coalesce(${failuresAt("now")}, 0) as failures,
      coalesce(${failuresAt("now")} + ${openAt("now")}, 0) >= wanted.most as "full",
      held.open > 0 and held.open_until > now + ${longestAttempt} as open_for_long
    from wanted left join attempts as held using (key)
  ),
  taken as (
    ${upsert(0, 1, `seen where not (select bool_or("full") from seen)`)}
    where ${failuresAt(itsNow)} + ${openAt(itsNow)} < excluded.most
    returning key
  )
  select seen.key, failures, most, least(ahead, span) as remaining, "full", taken.key is not null as taken,
    coalesce(ahead > span or open_for_long, false) as "tooLong"
  from seen left join taken using (key)`);

const cut = statement<Rules>(`
  with ${wanted},
  locked as (select key, span, now from wanted join attempts using (key) order by key for update of attempts)
  update attempts
  set window_ends = least(window_ends, now + span), open_until = least(open_until, now + ${longestAttempt})
  from locked where attempts.key = locked.key`);

const fail = statement<Rules, AttemptCount>(`
  with ${wanted} ${upsert(1, 0, "wanted")}
  returning key, failures, most, window_ends - latchkey_now() as remaining`);

const settle = statement<Omit<Rules, "limits"> & { failed: number }, AttemptCount>(`
  with locked as (
    select key, span from unnest(cast(:keys as text[]), cast(:windows as bigint[])) as given (key, span)
      join attempts using (key) order by key for update of attempts)
  update attempts set open = greatest(open - 1, 0), failures = failures + :failed
  from locked where attempts.key = locked.key
  returning attempts.key, failures, most, least(window_ends - latchkey_now(), span) as remaining`);

const turnAway = statement<{ key: string }, { key: string }>(`
  update attempts set turned_away = 1 where key = :key and turned_away = 0 returning key`);

// An open attempt keeps its slot. A space sorts before every character of a key but those that no key has.
const forget = statement<{ key: string; from: string; to: string }>(`
  update attempts set failures = 0, turned_away = 0 where key in (
    select key from attempts where key = :key or (key >= :from and key < :to) order by key for update)`);

const prune = statement<NoValues>(`
  delete from attempts where key in (
    select key from attempts where window_ends <= latchkey_now()
    order by key limit ${prunedAtOnce} for update skip locked)`);

/** The table `attempts`. */
export function attemptTable(database: Database): AttemptTable {
  const rulesOf = (limits: readonly CountedLimit[]): Rules => ({
    keys: limits.map(({ key }) => key),
    limits: limits.map(({ rule }) => rule.limit),
    windows: limits.map(({ rule }) => rule.windowMs),
  });

  return {
    open: (limits) => database.all(open, rulesOf(limits)),
    cut: async (limits) => void (await database.all(cut, rulesOf(limits))),
    settle: (limits, failed) => database.all(settle, { ...rulesOf(limits), failed: failed ? 1 : 0 }),
    fail: (limits) => database.all(fail, rulesOf(limits)),
    turnAway: async (key) => (await one(database, turnAway, { key })) !== undefined,
    async forget(key) {
      await database.commit([step(forget, { key, from: `${key} `, to: `${key}!` })]);
    },
    async prune() {
      while (await database.commit([must(prune, {})]));
    },
  };
}

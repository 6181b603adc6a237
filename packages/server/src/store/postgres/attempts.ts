import { type RawBuilder, sql } from "kysely";
import type { CountedLimit } from "../../core/attempt-counter.ts";
import { type Database, must, one } from "../database.ts";
import { statement } from "../statement.ts";

/** What is counted under a key. */
export interface AttemptCount {
  readonly key: string;
  readonly failures: number;
  readonly most: number;
  /** Milliseconds until the window ends, by the database's clock; never more than the window. */
  readonly remaining: number;
}

/** What was counted under a key when a place was asked for. */
export interface PlaceCount extends AttemptCount {
  /** Whether there was no room when the keys were looked at. */
  readonly full: boolean;
  /** Whether a place was taken. With all keys free it may be missed, if another statement was faster. */
  readonly taken: boolean;
}

interface Rules {
  readonly keys: readonly string[];
  readonly limits: readonly number[];
  readonly windows: readonly number[];
}

interface Added extends Rules {
  readonly failures: number;
  readonly open: number;
}

interface Settled extends Pick<Rules, "keys" | "windows"> {
  readonly failed: number;
}

type Slots<Params> = <Name extends keyof Params & string>(name: Name) => RawBuilder<Params[Name]>;

/**
 * The counts of attempts that all replicas share, in windows by the database's clock. Every statement is one step that
 * no other comes between. A window or deadline further in the future than its length is cut to it: the clock was set back.
 */
export interface AttemptTable {
  /** Takes a place under each key if all have room, else under none, and then nothing is written. */
  open(limits: readonly CountedLimit[]): Promise<PlaceCount[]>;
  /** Gives the places back and counts a failure. */
  settle(limits: readonly CountedLimit[], failed: boolean): Promise<AttemptCount[]>;
  /** Counts a failure under each key, whether there is room or not. */
  fail(limits: readonly CountedLimit[]): Promise<AttemptCount[]>;
  /** @returns whether nobody was turned away before within the window */
  turnAway(key: string): Promise<boolean>;
  /** Forgets windows that are over. */
  prune(): Promise<void>;
}

/** So many windows are forgotten at once. */
const prunedAtOnce = 5000;

/** No attempt takes longer than this, in milliseconds. After it a place that was not given back is free. */
export const longestAttempt = 60_000;

const clock = sql`clock as materialized (select latchkey_now() as now)`;
const now = sql`(select now from clock)`;
const deadline = sql`(select now + ${sql.lit(longestAttempt)} from clock)`;
const isOver = sql`held.window_ends <= ${now}`;
const openIn = sql`case when ${isOver} or held.open_until <= ${now} then 0 else held.open end`;
const failuresIn = sql`case when ${isOver} then 0 else held.failures end`;

const wanted = (slot: Slots<Rules>) =>
  sql`wanted as (select * from unnest(${slot("keys")}::text[], ${slot("limits")}::bigint[], ${slot("windows")}::bigint[])
    as given (key, most, span))`;

/** Rows are always locked in the order of their keys, so that no two statements wait for each other. */
const upsert = (slot: Slots<Pick<Added, "failures" | "open">>, condition: RawBuilder<unknown>) => sql`
  insert into attempts as held (key, failures, open, most, window_ends, turned_away, open_until)
  select key, ${slot("failures")}, ${slot("open")}, most, ${now} + span, 0, ${deadline} from wanted
  where ${condition} order by key
  on conflict (key) do update set
    failures = excluded.failures + ${failuresIn},
    open = excluded.open + ${openIn},
    most = excluded.most,
    turned_away = case when ${isOver} then 0 else held.turned_away end,
    window_ends = case when ${isOver} then excluded.window_ends else least(held.window_ends, excluded.window_ends) end,
    open_until = case when excluded.open > 0 then excluded.open_until else held.open_until end`;

const openText = (slot: Slots<Added>) => sql`
  with ${clock}, ${wanted(slot)},
  seen as (
    select key, wanted.most, span, coalesce(${failuresIn}, 0) as failures, coalesce(${openIn}, 0) as open,
      least(case when ${isOver} then null else held.window_ends - ${now} end, span) as remaining
    from wanted left join attempts as held using (key)
  ),
  full_keys as (select key from seen where failures + open >= most),
  taken as (
    ${upsert(slot, sql`not exists (select from full_keys)`)}
    where ${failuresIn} + ${openIn} < excluded.most
    returning key
  ),
  cut as (
    update attempts set window_ends = least(window_ends, ${now} + span), open_until = least(open_until, ${deadline})
    from seen where attempts.key = seen.key and exists (select from full_keys)
      and (window_ends > ${now} + span or (attempts.open > 0 and open_until > ${deadline}))
  )
  select key, failures, most, remaining, failures + open >= most as "full",
    key in (select key from taken) as taken from seen`;

const failText = (slot: Slots<Added>) => sql`
  with ${clock}, ${wanted(slot)} ${upsert(slot, sql`true`)}
  returning key, failures, most, window_ends - ${now} as remaining`;

const settleText = (slot: Slots<Settled>) => sql`
  with ${clock},
  settled as (select * from unnest(${slot("keys")}::text[], ${slot("windows")}::bigint[]) as given (key, span)),
  locked as (select attempts.key from attempts where key = any(${slot("keys")}) order by key for update)
  update attempts set open = greatest(open - 1, 0), failures = failures + ${slot("failed")}
  from locked join settled using (key) where attempts.key = locked.key
  returning attempts.key, failures, most, least(window_ends - ${now}, span) as remaining`;

const pruneText = (slot: Slots<{ most: number }>) => sql`
  delete from attempts where key in (select key from attempts where window_ends <= latchkey_now()
    order by key limit ${slot("most")} for update skip locked)`;

export function attemptTable(database: Database): AttemptTable {
  const { query } = database;
  const written = <Params extends object, Row>(text: (slot: Slots<Params>) => RawBuilder<unknown>) =>
    statement<Params>()<Row>((slot) => {
      const made = sql<Row>`${text(slot)}`;
      return { compile: () => made.compile(query) };
    });
  const open = written<Added, PlaceCount>(openText);
  const fail = written<Added, AttemptCount>(failText);
  const settle = written<Settled, AttemptCount>(settleText);
  const turnAway = written<{ key: string }, { key: string }>(
    (slot) =>
      sql`update attempts set turned_away = 1 where key = ${slot("key")} and turned_away = 0 returning key`,
  );
  const prune = written<{ most: number }, unknown>(pruneText);
  const rulesOf = (limits: readonly CountedLimit[]): Rules => ({
    keys: limits.map(({ key }) => key),
    limits: limits.map(({ rule }) => rule.limit),
    windows: limits.map(({ rule }) => rule.windowMs),
  });

  return {
    open: (limits) => database.all(open, { ...rulesOf(limits), failures: 0, open: 1 }),
    settle: (limits, failed) => database.all(settle, { ...rulesOf(limits), failed: failed ? 1 : 0 }),
    fail: (limits) => database.all(fail, { ...rulesOf(limits), failures: 1, open: 0 }),
    turnAway: async (key) => (await one(database, turnAway, { key })) !== undefined,
    async prune() {
      while (await database.commit([must(prune, { most: prunedAtOnce })]));
    },
  };
}

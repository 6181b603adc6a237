import { type RawBuilder, sql } from "kysely";
import type { CountedLimit } from "../../core/attempt-counter.ts";
import { type Database, must, one } from "../database.ts";
import { statement } from "../statement.ts";

/** What is counted under a key. */
export interface AttemptCount {
  readonly key: string;
  readonly failures: number;
  readonly most: number;
  /** Milliseconds since the epoch. */
  readonly windowEnds: number;
}

interface Added extends Rules {
  readonly now: number;
  readonly failures: number;
  readonly open: number;
}

interface Rules {
  readonly keys: readonly string[];
  readonly limits: readonly number[];
  readonly windows: readonly number[];
}

/** The counts of attempts that all replicas share: every statement is one step that no other comes between. */
export interface AttemptTable {
  /** Takes a place under each key that has room. @returns those keys */
  open(limits: readonly CountedLimit[], now: number): Promise<string[]>;
  /** Gives the places back and counts what failed. */
  settle(keys: readonly string[], failed: boolean): Promise<AttemptCount[]>;
  /** Counts a failure under each key, whether there is room or not. */
  fail(limits: readonly CountedLimit[], now: number): Promise<AttemptCount[]>;
  read(keys: readonly string[]): Promise<AttemptCount[]>;
  /** @returns whether nobody was turned away before within the window */
  turnAway(key: string): Promise<boolean>;
  /** Forgets windows that are over. @param now milliseconds since the epoch */
  prune(now: number): Promise<void>;
}

/** So many windows are forgotten at once. */
const prunedAtOnce = 5000;

export function attemptTable(database: Database): AttemptTable {
  const { query } = database;
  const written = <Params extends object, Row>(
    build: (
      slot: <Name extends keyof Params & string>(name: Name) => RawBuilder<Params[Name]>,
    ) => RawBuilder<Row>,
  ) =>
    statement<Params>()<Row>((slot) => {
      const made = build(slot);
      return { compile: () => made.compile(query) };
    });
  const count = sql`key, failures, most, window_ends as "windowEnds"`;
  // Rows are always locked in the order of their keys, so that no two statements wait for each other.
  const upsert = (slot: <Name extends keyof Added & string>(name: Name) => RawBuilder<Added[Name]>) => sql`
    insert into attempts as held (key, failures, open, most, window_ends, turned_away)
    select key, ${slot("failures")}, ${slot("open")}, most, ${slot("now")} + span, 0
    from unnest(${slot("keys")}::text[], ${slot("limits")}::bigint[], ${slot("windows")}::bigint[]) as wanted (key, most, span)
    order by key
    on conflict (key) do update set
      failures = excluded.failures + case when held.window_ends <= ${slot("now")} then 0 else held.failures end,
      open = excluded.open + case when held.window_ends <= ${slot("now")} then 0 else held.open end,
      most = excluded.most,
      turned_away = case when held.window_ends <= ${slot("now")} then 0 else held.turned_away end,
      window_ends = case when held.window_ends <= ${slot("now")} then excluded.window_ends else held.window_ends end`;
  const open = written<Added, { key: string }>(
    (slot) => sql`${upsert(slot)}
    where held.window_ends <= ${slot("now")} or held.failures + held.open < excluded.most
    returning key`,
  );
  const fail = written<Added, AttemptCount>((slot) => sql`${upsert(slot)} returning ${count}`);
  const settle = written<{ keys: readonly string[]; failed: number }, AttemptCount>(
    (slot) => sql`
    with held as (select key as name from attempts where key = any(${slot("keys")}) order by key for update)
    update attempts set open = greatest(open - 1, 0), failures = failures + ${slot("failed")}
    from held where key = name returning ${count}`,
  );
  const read = written<{ keys: readonly string[] }, AttemptCount>(
    (slot) => sql`select ${count} from attempts where key = any(${slot("keys")})`,
  );
  const turnAway = written<{ key: string }, { key: string }>(
    (slot) =>
      sql`update attempts set turned_away = 1 where key = ${slot("key")} and turned_away = 0 returning key`,
  );
  const prune = written<{ now: number; most: number }, unknown>(
    (slot) => sql`delete from attempts where key in
      (select key from attempts where window_ends <= ${slot("now")} order by key limit ${slot("most")} for update skip locked)`,
  );
  const added = (limits: readonly CountedLimit[], now: number) => ({
    keys: limits.map(({ key }) => key),
    limits: limits.map(({ rule }) => rule.limit),
    windows: limits.map(({ rule }) => rule.windowMs),
    now,
  });

  return {
    async open(limits, now) {
      const rows = await database.all(open, { ...added(limits, now), failures: 0, open: 1 });
      return rows.map(({ key }) => key);
    },
    settle: (keys, failed) => database.all(settle, { keys, failed: failed ? 1 : 0 }),
    fail: (limits, now) => database.all(fail, { ...added(limits, now), failures: 1, open: 0 }),
    read: (keys) => database.all(read, { keys }),
    turnAway: async (key) => (await one(database, turnAway, { key })) !== undefined,
    async prune(now) {
      while (await database.commit([must(prune, { now, most: prunedAtOnce })]));
    },
  };
}

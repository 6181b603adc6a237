import { type Compilable, type CompiledQuery, type RawBuilder, sql } from "kysely";
import { type Database, must, type Step } from "./database.ts";
import type { Schema } from "./schema.ts";

/** A query whose text is made once; `Params` are its named values, `Row` is what it answers. */
export interface Statement<Params, Row = unknown> {
  readonly sql: string;
  values(params: Params): unknown[];
  /** Names the row type for the compiler; never set. */
  readonly row?: Row;
}

class Slot {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

type SlotFor<Params> = <Name extends keyof Params & string>(name: Name) => RawBuilder<Params[Name]>;

/**
 * Writes a query once, with slots where its values go. Building and compiling a query costs more than
 * running it, so it is done when the server starts.
 *
 * @example statement<{ id: string }>()((slot) => db.selectFrom("users").selectAll().where("id", "=", slot("id")))
 */
export function statement<Params extends object>() {
  return <Row>(build: (slot: SlotFor<Params>) => Compilable<Row>): Statement<Params, Row> => {
    const compiled: CompiledQuery<Row> = build((name) => sql`${new Slot(name)}`).compile();
    const slots = compiled.parameters;
    return {
      sql: compiled.sql,
      values: (params) => {
        const named = new Map<string, unknown>(Object.entries(params));
        return slots.map((value) => (value instanceof Slot ? named.get(value.name) : value));
      },
    };
  };
}

/** The later of what a column holds and a new time: what was promised until then stays promised. */
export function later(column: string, time: RawBuilder<number>): RawBuilder<number> {
  const held = sql.ref(column);
  return sql<number>`case when ${held} > ${time} then ${held} else ${time} end`;
}

/** A value whose type an engine cannot tell from where it stands. */
export function asText<Value extends string | null>(value: RawBuilder<Value>): RawBuilder<Value> {
  return sql<Value>`cast(${value} as text)`;
}

/** Inserts the first row of a table, and none where there is one. Of several that race one succeeds. */
export function insertFirst<Row extends object>(
  { query, writers }: Database,
  table: keyof Schema,
  columns: readonly (keyof Row & string)[],
): (row: Row) => Step[] {
  // Two that look at the same moment would both find none.
  const others = sql`lock table ${sql.table(table)} in share row exclusive mode`.compile(query);
  const alone: Step[] = writers === "many" ? [{ sql: others.sql, values: [], must: false }] : [];
  const insert = statement<Row>()((slot) => {
    const names = sql.join(columns.map((column) => sql.ref(column)));
    const values = sql.join(columns.map((column) => slot(column)));
    const insert = sql`insert into ${sql.table(table)} (${names})
      select ${values} where not exists (select 1 from ${sql.table(table)})`;
    return { compile: () => insert.compile(query) };
  });
  return (row) => [...alone, must(insert, row)];
}

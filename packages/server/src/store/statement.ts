/** An SQL text and the order of its values. */
export interface Statement<Values extends object, Row = never> {
  /** The text with numbered values (`$1`), as PostgreSQL takes it. */
  readonly sql: string;
  /** The values of one execution, in the order of their numbers. */
  numbered(values: Values): unknown[];
  /** Carries the row type for the compiler; never set. */
  readonly row?: Row;
}

/** For a statement without values. */
export type NoValues = Record<string, never>;

/**
 * A statement from an SQL text with named values, such as `:id`. Casts are written `cast(x as text)`, because `::text`
 * would read as a name. The compiler checks the values that a caller passes. Only an engine checks the text, so the
 * store contract runs every statement on both engines.
 *
 * @example statement<{ id: string }, { username: string }>("select username from users where id = :id")
 */
export function statement<Values extends object, Row = never>(text: string): Statement<Values, Row> {
  const names: string[] = [];
  const sql = text.replace(/:(\w+)/g, (_, name: string) => {
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}`;
  });
  return {
    sql,
    numbered: (values) =>
      names.map((name) => {
        const value: unknown = Reflect.get(values, name);
        if (value === undefined) throw new TypeError(`the statement has no value for :${name}: ${sql}`);
        return value;
      }),
  };
}

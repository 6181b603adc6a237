/** An object of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** Takes a value as an object, without what every object inherits; anything else has no fields. */
export function fieldsOf(value: unknown): Fields {
  return { __proto__: null, ...(typeof value === "object" ? value : undefined) };
}

/** A field that is text; undefined where it is not. */
export function textIn(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === "string" ? value : undefined;
}

/** What some work results in, or undefined where it throws. */
export function orUndefined<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

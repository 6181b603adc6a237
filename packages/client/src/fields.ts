/** An object with unchecked fields. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * Copies an object without its prototype, so that inherited members cannot pass for fields.
 * A value of another type has no fields.
 */
export function fieldsOf(value: unknown): Fields {
  return { __proto__: null, ...(typeof value === "object" ? value : undefined) };
}

/** A string field, or undefined if the field has another type. */
export function textIn(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === "string" ? value : undefined;
}

/** The result of a function, or undefined if it throws. */
export function orUndefined<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

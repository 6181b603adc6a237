/** A parameter of a query. Undefined if it is missing or was sent twice. */
export function textIn(query: unknown, name: string): string | undefined {
  const value: unknown = typeof query === "object" && query !== null ? Reflect.get(query, name) : undefined;
  return typeof value === "string" ? value : undefined;
}

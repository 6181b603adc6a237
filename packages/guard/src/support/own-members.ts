/**
 * A copy of an object with its own members and without a prototype. A member of a polluted `Object.prototype`
 * is not found on it.
 */
export function ownMembers<T extends object>(given: T): T {
  return Object.assign(Object.create(null), given);
}

/** The same for a value of any type. A value other than an object has no members. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return Object.assign(Object.create(null), typeof value === "object" ? value : undefined);
}

/**
 * Parses JSON to objects without a prototype, on every level. Level by level and not by recursion: a sender may
 * nest objects thousands deep.
 *
 * @throws {SyntaxError} when the text is not JSON
 */
export function parseJson(text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  const found = [parsed];
  for (const value of found) {
    if (typeof value !== "object" || value === null) continue;
    if (!Array.isArray(value)) Object.setPrototypeOf(value, null);
    for (const member of Object.values(value)) {
      if (typeof member === "object" && member !== null) found.push(member);
    }
  }
  return parsed;
}

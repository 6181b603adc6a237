// Internal to Latchkey's own packages: this subpath may change in any version.

/** An object with unknown members. */
export type Members = Readonly<Record<string, unknown>>;

/**
 * A copy of an object with its own members and without a prototype. A member of a polluted `Object.prototype`
 * is not found on it.
 */
export function ownMembers<T extends object>(given: T): T {
  return Object.assign(Object.create(null), given);
}

/** The same for a value of any type. A value other than an object has no members. */
export function membersOf(value: unknown): Members {
  return Object.assign(Object.create(null), typeof value === "object" ? value : undefined);
}

/** Whether a value is an object, and not an array. */
export function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object's own member. Undefined for an inherited one, such as `constructor`, and for other values. */
export function own(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
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

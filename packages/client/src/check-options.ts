import { orUndefined } from "./fields.ts";

/**
 * Refuses an option that does not exist, because a misspelled `timeout` would silently keep the default.
 *
 * @param known an object with the known names as keys
 * @returns a copy without a prototype, so that inherited members cannot pass for options
 * @throws {TypeError} with the name, and with all known names
 */
export function ownOptions<T extends object>(options: T, known: object, prefix = ""): T {
  if (Object(options) !== options) throw new TypeError("Options must be an object");
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return { __proto__: null, ...options };
  const names = Object.keys(known).join(", ");
  throw new TypeError(`Unknown option "${prefix}${unknown.slice(0, 40)}": the options are ${names}`);
}

/** Refuses an address that no request can have. The message does not quote it, because it may hold a password. */
export function checkBaseURL(baseURL: string): void {
  const url = /^https?:\/\/[^/\s]\S*$/i.test(baseURL) && orUndefined(() => new URL(baseURL));
  if (!url || url.username || url.password)
    throw new TypeError("Invalid baseURL: write http://… or https://… without a user name and a password");
}

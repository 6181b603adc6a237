import { isScope } from "../bearer.ts";
import type { Principal } from "../principal.ts";
import { ownMembers } from "../support/own-members.ts";

/**
 * A rule about the principal of a call, made with {@link allow}. One function judges it for a route, for a tool
 * call and for the list of tools.
 */
export type Rule<Args> =
  | { readonly kind: "roles"; readonly anyOf: readonly string[] }
  | { readonly kind: "scopes"; readonly allOf: readonly string[] }
  | { readonly kind: "all"; readonly rules: readonly Rule<Args>[] }
  | { readonly kind: "any"; readonly rules: readonly Rule<Args>[] }
  | { readonly kind: "when"; readonly holds: Condition<Args> };

/** Only `true` allows. Any other value, an error and a promise that never settles deny. */
export type Condition<Args> = (principal: Principal, args: Args) => boolean | Promise<boolean>;

/**
 * Rules for routes and tools. Each throws {TypeError} on a wrong argument, so a mistake shows when the program
 * starts.
 *
 * @example
 * const purge = allow.all(allow.roles("admin"), allow.scopes("notes:write"));
 * const read = allow.when((principal, { owner }: { owner: string }) => owner === principal.username);
 */
export const allow = {
  /** The principal has at least one of these roles. */
  roles: (...anyOf: readonly [string, ...string[]]): Rule<unknown> =>
    made({ kind: "roles", anyOf: names("roles", anyOf, isText) }),
  /** The token has all of these scopes, directly or through a scope that implies them. */
  scopes: (...allOf: readonly [string, ...string[]]): Rule<unknown> =>
    made({ kind: "scopes", allOf: names("scopes", allOf, isScope) }),
  /** Every one of these rules holds. Without rules, every signed-in user is allowed. */
  all: <Args = unknown>(...rules: readonly Rule<Args>[]): Rule<Args> =>
    made({ kind: "all", rules: Object.freeze(rules.map(soundRule)) }),
  /** At least one of these rules holds. Without rules, every call is denied. */
  any: <Args = unknown>(...rules: readonly Rule<Args>[]): Rule<Args> =>
    made({ kind: "any", rules: Object.freeze(rules.map(soundRule)) }),
  /** A condition on principal and arguments, such as owning a note. */
  when: <Args = unknown>(holds: Condition<Args>): Rule<Args> => {
    if (typeof holds !== "function") throw new TypeError("allow.when: needs a function");
    return made({ kind: "when", holds });
  },
} as const;

/** Rules made by `allow`: valid and frozen. */
const rulesMade = new WeakSet<object>();

/**
 * Validates a rule. A rule made by {@link allow} is returned as it is. Any other object, such as one read from a
 * file, is copied, and each member is read once.
 *
 * @throws {TypeError} if the value is not a rule
 */
export function soundRule<Args>(given: Rule<Args>): Rule<Args> {
  if (typeof given !== "object" || given === null) throw new TypeError("allow: not a rule");
  if (rulesMade.has(given)) return given;
  const { kind, anyOf, allOf, rules, holds }: Parts<Args> = ownMembers(given);
  if (kind === "roles" && Array.isArray(anyOf)) return Reflect.apply(allow.roles, allow, anyOf);
  if (kind === "scopes" && Array.isArray(allOf)) return Reflect.apply(allow.scopes, allow, allOf);
  if (kind === "all" && Array.isArray(rules)) return allow.all(...rules);
  if (kind === "any" && Array.isArray(rules)) return allow.any(...rules);
  if (kind === "when" && holds !== undefined) return allow.when(holds);
  throw new TypeError("allow: not a rule");
}

interface Parts<Args> {
  readonly kind?: string;
  readonly anyOf?: readonly string[];
  readonly allOf?: readonly string[];
  readonly rules?: readonly Rule<Args>[];
  readonly holds?: Condition<Args>;
}

function made<R extends object>(rule: R): R {
  rulesMade.add(Object.freeze(rule));
  return rule;
}

function names(which: "roles" | "scopes", given: readonly string[], isSound: (name: unknown) => boolean) {
  const all = Object.freeze([...given]);
  if (all.length > 0 && all.every(isSound)) return all;
  throw new TypeError(`allow.${which}: needs at least one name, each a non-empty text`);
}

function isText(name: unknown): boolean {
  return typeof name === "string" && name !== "";
}

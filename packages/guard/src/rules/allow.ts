import { isScope } from "../bearer.ts";
import type { Principal } from "../principal.ts";
import { ownMembers } from "../support/own-members.ts";

/**
 * Who may do something. Made with {@link allow}; judged by one function, for a route, a tool's call and a
 * tool's place in the list alike.
 */
export type Rule<Args> =
  | { readonly kind: "roles"; readonly anyOf: readonly string[] }
  | { readonly kind: "scopes"; readonly allOf: readonly string[] }
  | { readonly kind: "all"; readonly rules: readonly Rule<Args>[] }
  | { readonly kind: "any"; readonly rules: readonly Rule<Args>[] }
  | { readonly kind: "when"; readonly holds: Condition<Args> };

/** Only `true` allows: what is falsy, what is merely truthy, what throws and what never answers denies. */
export type Condition<Args> = (principal: Principal, args: Args) => boolean | Promise<boolean>;

/**
 * Rules for routes and tools. Each throws {TypeError} where it is given what no rule is made of, so that a
 * mistake shows when the program starts.
 *
 * @example
 * const purge = allow.all(allow.roles("admin"), allow.scopes("notes:write"));
 * const read = allow.when((principal, { owner }: { owner: string }) => owner === principal.username);
 */
export const allow = {
  /** Whoever has at least one of these roles. */
  roles: (...anyOf: readonly [string, ...string[]]): Rule<unknown> =>
    made({ kind: "roles", anyOf: names("roles", anyOf, isText) }),
  /** Whoever's token carries all of these scopes, itself or through one that implies them. */
  scopes: (...allOf: readonly [string, ...string[]]): Rule<unknown> =>
    made({ kind: "scopes", allOf: names("scopes", allOf, isScope) }),
  /** Whoever satisfies every one of these rules; with none of them, everybody who is signed in. */
  all: <Args = unknown>(...rules: readonly Rule<Args>[]): Rule<Args> =>
    made({ kind: "all", rules: Object.freeze(rules.map(soundRule)) }),
  /** Whoever satisfies at least one of these rules; with none of them, nobody. */
  any: <Args = unknown>(...rules: readonly Rule<Args>[]): Rule<Args> =>
    made({ kind: "any", rules: Object.freeze(rules.map(soundRule)) }),
  /** Where this holds for who calls and what is asked for, such as being the owner of a note. */
  when: <Args = unknown>(holds: Condition<Args>): Rule<Args> => {
    if (typeof holds !== "function") throw new TypeError("allow.when: needs a function");
    return made({ kind: "when", holds });
  },
} as const;

/** Rules that were made here, and so are sound and stay as they are. */
const rulesMade = new WeakSet<object>();

/**
 * The rule itself where {@link allow} made it; of anything else, such as what was read from a file, a copy
 * that is as sound, each part read once.
 *
 * @throws {TypeError} where it is no rule
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
  throw new TypeError(`allow.${which}: needs names, each a text of its own, at least one`);
}

function isText(name: unknown): boolean {
  return typeof name === "string" && name !== "";
}

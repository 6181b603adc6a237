import type { Principal } from "./principal.ts";

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

/** Only `true` allows: what is falsy, what is merely truthy and what throws denies. */
export type Condition<Args> = (principal: Principal, args: Args) => boolean | Promise<boolean>;

/**
 * Rules for routes and tools.
 *
 * @example
 * const purge = allow.all(allow.roles("admin"), allow.scopes("notes:write"));
 * const read = allow.when((principal, { owner }: { owner: string }) => owner === principal.username);
 */
export const allow = {
  /** Whoever has at least one of these roles. */
  roles: (...anyOf: readonly [string, ...string[]]): Rule<unknown> => ({ kind: "roles", anyOf }),
  /** Whoever's token carries all of these scopes, itself or through one that implies them. */
  scopes: (...allOf: readonly [string, ...string[]]): Rule<unknown> => ({ kind: "scopes", allOf }),
  /** Whoever satisfies every one of these rules; with none of them, everybody who is signed in. */
  all: <Args = unknown>(...rules: readonly Rule<Args>[]): Rule<Args> => ({ kind: "all", rules }),
  /** Whoever satisfies at least one of these rules; with none of them, nobody. */
  any: <Args = unknown>(...rules: readonly Rule<Args>[]): Rule<Args> => ({ kind: "any", rules }),
  /** Where this holds for who calls and what is asked for, such as being the owner of a note. */
  when: <Args = unknown>(holds: Condition<Args>): Rule<Args> => ({ kind: "when", holds }),
} as const;

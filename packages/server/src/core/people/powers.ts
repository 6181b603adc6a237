import { LatchkeyError } from "../errors.ts";
import { administratorRole } from "./users.ts";

/** Every power of a caller of the administration. These are also the scopes of its resource. */
export const powers = [
  "users:read",
  "users:write",
  "roles:write",
  "sessions:read",
  "sessions:write",
  "audit:read",
  "keys:read",
  "keys:write",
  "clients:read",
  "clients:write",
  "resources:read",
  "resources:write",
] as const;

/** One power of a caller. */
export type Power = (typeof powers)[number];

/** The powers of the roles that administer Latchkey. */
const powersOfRoles = new Map<string, readonly Power[]>([
  [administratorRole, powers],
  ["support", ["users:read", "users:write", "sessions:read", "sessions:write"]],
  ["auditor", powers.filter((power) => power.endsWith(":read"))],
]);

/** The roles that have a power, in the order of the table. An administrator has every power. */
export function rolesWith(power: Power): readonly [string, ...string[]] {
  const others = [...powersOfRoles.keys()].filter(
    (role) => role !== administratorRole && powersOfRoles.get(role)?.includes(power),
  );
  return [administratorRole, ...others];
}

/** Whether a role administers Latchkey. */
export function administers(role: string): boolean {
  return powersOfRoles.has(role);
}

/** The sources of a caller's powers. */
export interface Credentials {
  readonly roles: readonly string[];
  /** The scopes of the token. Undefined for a person's own login. */
  readonly scopes: readonly string[] | undefined;
  /** Whether the caller is a machine (client credentials): then the scopes alone count. */
  readonly isMachine: boolean;
}

/** The powers of a caller. Scopes limit a person's roles, and grant those of a machine. */
export function powersOf({ roles, scopes, isMachine }: Credentials): ReadonlySet<Power> {
  const byRoles = powers.filter((power) => roles.some((role) => powersOfRoles.get(role)?.includes(power)));
  const granted = isMachine ? powers : byRoles;
  return new Set(granted.filter((power) => scopes === undefined || scopes.includes(power)));
}

/** @throws {LatchkeyError} `forbidden` without the power */
export function assertMay(held: ReadonlySet<Power>, power: Power): void {
  if (!held.has(power)) throw new LatchkeyError("forbidden", { reason: `power ${power}` });
}

/** Roles that everybody may give: those of an account without any say. */
const plainRoles = ["user"];

/** The powers that an invitation to these roles needs: when it is sent, and again when it is used. */
export function powersToInvite(roles: readonly string[]): readonly Power[] {
  const plain = roles.every((role) => plainRoles.includes(role));
  return plain ? ["users:write"] : ["users:write", "roles:write"];
}

/** @throws {LatchkeyError} `forbidden` without the powers of such an invitation */
export function assertMayInvite(held: ReadonlySet<Power>, roles: readonly string[]): void {
  for (const power of powersToInvite(roles)) assertMay(held, power);
}

/**
 * Checks the roles and scopes of a machine, before a caller learns its secret. Nobody gets more power by a machine than
 * they have.
 *
 * @throws {LatchkeyError} `forbidden`
 */
export function assertMayEquip(
  held: ReadonlySet<Power>,
  { roles, scopes }: { readonly roles: readonly string[]; readonly scopes: readonly string[] },
): void {
  if (roles.length > 0) assertMay(held, "roles:write");
  for (const power of powers) if (scopes.includes(power)) assertMay(held, power);
}

/**
 * Checks a change of an account. An account with a role that administers Latchkey may be changed only by a caller who
 * may change roles: else support could take over an administrator by a new password.
 *
 * @throws {LatchkeyError} `protected_account`
 */
export function assertMayChange(held: ReadonlySet<Power>, roles: readonly string[]): void {
  if (!held.has("roles:write") && roles.some((role) => powersOfRoles.has(role)))
    throw new LatchkeyError("protected_account");
}

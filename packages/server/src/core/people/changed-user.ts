import type { AuditReason } from "../audit-events.ts";
import { canonicalName } from "../passwords/account-names.ts";
import { spelledDisplayName, spelledName, spelledRoles } from "./person-spelling.ts";
import type { PersonChange } from "./user-changes.ts";
import type { ChangedUser, LocalUser } from "./users.ts";

/**
 * A user with new values.
 *
 * @param at the time of a confirmed address, in milliseconds since the epoch
 */
export function changedUser(user: LocalUser, change: PersonChange, at: number): ChangedUser {
  const username = change.username === undefined ? user.username : spelledName(change.username);
  const email = change.email === undefined ? user.email : spelledName(change.email);
  const { displayName } = change;
  const roles = change.roles === undefined ? user.roles : spelledRoles(change.roles);
  return {
    id: user.id,
    username,
    usernameKey: username === user.username ? undefined : canonicalName(username),
    email,
    emailKey: email === user.email ? undefined : canonicalName(email),
    displayName: displayName === undefined ? user.displayName : spelledDisplayName(displayName),
    roles: sameTexts(roles, user.roles) ? user.roles : roles,
    mustChangePassword: change.mustChange ?? user.mustChangePassword,
    emailVerifiedAt: verifiedAt(user, change, email, at),
  };
}

/** A new address is not confirmed. Another spelling of the same address is the same mailbox. */
function verifiedAt(
  user: LocalUser,
  { emailVerified }: PersonChange,
  email: string,
  at: number,
): number | null {
  const kept = canonicalName(email) === canonicalName(user.email) ? user.emailVerifiedAt : null;
  if (emailVerified === undefined) return kept;
  return emailVerified ? (kept ?? at) : null;
}

/** The changes that the audit trail names, one event each. Empty if nothing is changed. */
export function reasonsOf(user: LocalUser, changed: ChangedUser): AuditReason<"user.changed">[] {
  const reasons = new Set<AuditReason<"user.changed">>();
  if (changed.username !== user.username || changed.displayName !== user.displayName) reasons.add("name");
  if (changed.email !== user.email) reasons.add("email");
  if (!sameTexts(changed.roles, user.roles)) reasons.add("roles");
  if (changed.emailVerifiedAt !== user.emailVerifiedAt) reasons.add("email_verified");
  if (changed.mustChangePassword !== user.mustChangePassword) reasons.add("must_change_password");
  return [...reasons];
}

/** Whether two lists have the same texts, in any order. */
export function sameTexts(some: readonly string[], others: readonly string[]): boolean {
  const [set, other] = [new Set(some), new Set(others)];
  return set.size === other.size && [...set].every((text) => other.has(text));
}

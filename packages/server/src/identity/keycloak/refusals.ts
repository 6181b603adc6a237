import type { AuditReason } from "../../core/audit-events.ts";
import type { ErrorCode } from "../../core/errors.ts";

/**
 * Keycloak names its refusals in words. It says the first two only to who knows the password (26.7, where the
 * tests hold it to that); an account that it has locked for a while gets the answer of a wrong password.
 */
const atSignIn: RefusalTable<AuditReason<"login.failed">> = [
  [/^Account disabled$/i, "account_disabled", "disabled"],
  [/^Account is not fully set up$/i, "account_setup_required", "setup_required"],
];

const atRefresh: RefusalTable<string> = [
  [/reuse exceeded|^Stale token$/i, "token_revoked", "replay"],
  [/^Token is not active$|expired/i, "token_expired", "expired"],
  [/Session not active|User (disabled|not found)|Session doesn't/i, "token_revoked", "ended at the realm"],
];

/** What a refusal of the realm is for the caller, and what it is called in the audit trail. */
export interface Refused<Reason> {
  readonly code: ErrorCode;
  readonly reason: Reason;
}

type RefusalTable<Reason> = readonly (readonly [words: RegExp, ErrorCode, Reason])[];

/** @param description Keycloak's `error_description` of a password grant */
export function refusedSignIn(description: string): Refused<AuditReason<"login.failed">> {
  return find(atSignIn, description) ?? { code: "invalid_credentials", reason: "refused_by_realm" };
}

/** @param description Keycloak's `error_description` of a refresh */
export function refusedRefresh(description: string): Refused<string> {
  return find(atRefresh, description) ?? { code: "invalid_token", reason: "refused by the realm" };
}

function find<Reason>(table: RefusalTable<Reason>, description: string): Refused<Reason> | undefined {
  const row = table.find(([words]) => words.test(description));
  return row && { code: row[1], reason: row[2] };
}

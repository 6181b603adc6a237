import { ResponseBodyError } from "openid-client";
import type { AuditReason } from "../../core/audit-events.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { RealmMisconfigured, RealmUnavailable } from "./realm-errors.ts";

/**
 * Keycloak tells refusals apart by their description alone. It gives these two only after the right password, as the
 * tests against 26.7 prove. A temporarily locked account gets the answer of a wrong password.
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

/** A refusal of the realm: the error code for the caller, and the reason for the log and the audit trail. */
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

/** The realm's refusal of a password or a refresh token. */
export interface RealmRefusal {
  /** Keycloak's `error_description`, which tells the reason. */
  readonly refused: string;
}

/** Latchkey's client in a realm, by the names that an operator finds in Keycloak. */
export interface RealmClient {
  readonly realm: string;
  readonly clientId: string;
}

/**
 * Reads an error of the token endpoint (RFC 6749 §5.2).
 *
 * @returns the refusal of the user's credentials or token, `invalid_grant`
 * @throws {RealmMisconfigured} if the realm rejects Latchkey's client
 * @throws {RealmUnavailable} for any other failure
 */
export function readRefusal(error: unknown, client: RealmClient): RealmRefusal {
  if (!(error instanceof ResponseBodyError) || error.status >= 500 || error.status === 429) {
    throw new RealmUnavailable(describeFailure(error));
  }
  const { error: code, error_description: description = "" } = error;
  if (code === "invalid_grant") return { refused: description };
  const subject = `the client ${client.clientId} of the realm ${client.realm}`;
  if (isDirectAccessOff(error)) throw directAccessOff(client);
  if (code === "unauthorized_client" || code === "invalid_client") {
    throw new RealmMisconfigured(
      `LATCHKEY_KEYCLOAK_CLIENT_SECRET: ${subject} is unknown, disabled, or has another secret: ` +
        "copy id and secret from the client's page in Keycloak",
    );
  }
  throw new RealmMisconfigured(
    `LATCHKEY_KEYCLOAK_CLIENT_ID: ${subject} was rejected (${printable(code)}): check its settings in Keycloak`,
  );
}

/** Whether the realm accepts the client, but no passwords from it. */
export function isDirectAccessOff(error: unknown): boolean {
  return (
    error instanceof ResponseBodyError &&
    error.error === "unauthorized_client" &&
    /direct access/i.test(error.error_description ?? "")
  );
}

/** A client without direct access grants. */
export function directAccessOff(client: RealmClient): RealmMisconfigured {
  return new RealmMisconfigured(
    `LATCHKEY_KEYCLOAK_CLIENT_ID: the client ${client.clientId} of the realm ${client.realm} has direct access grants turned off: turn them on in Keycloak`,
  );
}

/** The reason of a failed request, for the log. It repeats no sent value and no part of the answer's body. */
export function describeFailure(error: unknown): string {
  if (error instanceof ResponseBodyError) return `the realm answered ${error.status}`;
  const chain = [error, error instanceof Error ? error.cause : undefined];
  if (chain.some((one) => one instanceof Error && one.name === "TimeoutError"))
    return "no response within the timeout";
  const codes = chain.map((one) => (one instanceof Error && "code" in one ? one.code : undefined));
  const code = codes.findLast((one) => typeof one === "string");
  const name = error instanceof Error ? error.name : "unknown";
  const response = chain.find((one) => one instanceof Response);
  return `the request to the realm failed: ${printable(code ?? name)} ${response?.status ?? ""}`.trimEnd();
}

/** Bounds a text of the realm and leaves out characters that could forge a log line. */
export function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 200);
}

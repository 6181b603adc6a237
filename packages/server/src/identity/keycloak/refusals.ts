import { ResponseBodyError } from "openid-client";
import type { ErrorCode } from "../../core/errors.ts";
import { RealmMisconfigured, RealmUnavailable } from "./realm-errors.ts";

/**
 * Keycloak names its refusals in words. It says the first two only to who knows the password (26.7, where the
 * tests hold it to that); an account that it has locked for a while gets the answer of a wrong password.
 */
const atSignIn: readonly (readonly [RegExp, ErrorCode, string])[] = [
  [/^Account disabled$/i, "account_disabled", "disabled"],
  [/^Account is not fully set up$/i, "account_setup_required", "setup_required"],
];

const atRefresh: readonly (readonly [RegExp, ErrorCode, string])[] = [
  [/reuse exceeded|^Stale token$/i, "token_revoked", "replay"],
  [/^Token is not active$|expired/i, "token_expired", "expired"],
  [/Session not active|User (disabled|not found)|Session doesn't/i, "token_revoked", "ended at the realm"],
];

/** What a refusal of the realm is for the caller, and what it is called in the audit trail. */
export interface Refused {
  readonly code: ErrorCode;
  readonly reason: string;
}

/** @param description Keycloak's `error_description` of a password grant */
export function refusedSignIn(description: string): Refused {
  return find(atSignIn, description) ?? { code: "invalid_credentials", reason: "refused_by_realm" };
}

/** @param description Keycloak's `error_description` of a refresh */
export function refusedRefresh(description: string): Refused {
  return find(atRefresh, description) ?? { code: "invalid_token", reason: "refused by the realm" };
}

function find(table: typeof atSignIn, description: string): Refused | undefined {
  const row = table.find(([words]) => words.test(description));
  return row && { code: row[1], reason: row[2] };
}

/** A no of the realm: what was presented does not count. */
export interface RealmRefusal {
  readonly refused: string;
}

/** Latchkey's client in a realm, by the names that an operator finds in Keycloak. */
export interface RealmClient {
  readonly realm: string;
  readonly clientId: string;
}

/**
 * What an error of the token endpoint stands for (RFC 6749 §5.2).
 *
 * @returns the description of an `invalid_grant`, which says why
 * @throws {RealmMisconfigured} where the realm refuses Latchkey itself
 * @throws {RealmUnavailable} for all else
 */
export function readRefusal(error: unknown, { realm, clientId }: RealmClient): RealmRefusal {
  if (!(error instanceof ResponseBodyError) || error.status >= 500 || error.status === 429) {
    throw new RealmUnavailable(describeFailure(error));
  }
  const { error: code, error_description: description = "" } = error;
  if (code === "invalid_grant") return { refused: description };
  const client = `the client ${clientId} of the realm ${realm}`;
  if (code === "unauthorized_client" && /direct access/i.test(description)) {
    throw new RealmMisconfigured(
      `LATCHKEY_KEYCLOAK_CLIENT_ID: ${client} allows no direct access grants: turn them on for this client in Keycloak`,
    );
  }
  if (code === "unauthorized_client" || code === "invalid_client") {
    throw new RealmMisconfigured(
      `LATCHKEY_KEYCLOAK_CLIENT_SECRET: ${client} is not known, is disabled, or has another secret: ` +
        "copy id and secret from the client's page in Keycloak",
    );
  }
  throw new RealmMisconfigured(`LATCHKEY_KEYCLOAK_CLIENT_ID: ${client} was refused (${plain(code)})`);
}

/** Why there was no answer that makes sense, in words that hold nothing of what was sent or received. */
export function describeFailure(error: unknown): string {
  if (error instanceof RealmUnavailable) return error.message;
  if (error instanceof ResponseBodyError) return `the realm answered ${error.status}`;
  const causes = [error, error instanceof Error ? error.cause : undefined];
  if (causes.some((one) => one instanceof Error && one.name === "TimeoutError")) return "no answer in time";
  const codes = causes.map((one) =>
    one instanceof Error && "code" in one && typeof one.code === "string" ? one.code : undefined,
  );
  const status = causes.find((one) => one instanceof Response);
  const code = codes.findLast((one) => one !== undefined);
  const name = error instanceof Error ? error.name : "unknown";
  return `no answer of the realm: ${plain(code ?? name)}${status instanceof Response ? ` ${status.status}` : ""}`;
}

function plain(text: string): string {
  return text.replaceAll(/[^\w .-]/g, "?").slice(0, 60);
}

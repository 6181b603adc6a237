import { ResponseBodyError } from "openid-client";
import { LatchkeyError } from "../../core/errors.ts";
import { CircuitOpen } from "./circuit-breaker.ts";
import { RealmMisconfigured } from "./realm-misconfigured.ts";

/** The realm did not answer, or said what makes no sense. The message is for the log and holds nothing that was sent. */
export class RealmUnavailable extends Error {}

/** A no of the realm: what was presented does not count. */
export interface RealmRefusal {
  readonly refused: string;
}

/** Names of settings in what an operator is told. */
export interface RealmNames {
  readonly url: string;
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
export function refusalOf(error: unknown, names: RealmNames): RealmRefusal {
  if (!(error instanceof ResponseBodyError) || error.status >= 500 || error.status === 429) {
    throw new RealmUnavailable(reasonOf(error));
  }
  const { error: code, error_description: description = "" } = error;
  if (code === "invalid_grant") return { refused: description };
  const client = `the client ${names.clientId} of the realm ${names.realm}`;
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
export function reasonOf(error: unknown): string {
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

/** What a caller is told when the realm cannot be asked. */
export function unavailable(error: unknown): unknown {
  if (error instanceof CircuitOpen) {
    const retryAfter = Math.max(1, Math.ceil(error.retryAfterMs / 1000));
    return new LatchkeyError("provider_unavailable", { reason: error.message, retryAfter });
  }
  if (error instanceof RealmUnavailable || error instanceof RealmMisconfigured) {
    return new LatchkeyError("provider_unavailable", { reason: error.message, retryAfter: 1, cause: error });
  }
  return error;
}

function plain(text: string): string {
  return text.replaceAll(/[^\w .-]/g, "?").slice(0, 60);
}

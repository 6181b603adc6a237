import type { AuditEvent } from "../audit-events.ts";
import type { Arrival } from "../mail/arrivals.ts";
import type { Session, SessionClient } from "../stories/sessions.ts";

/** A person's consent to the request of a client, given on the page. Its code is traded for a session, once. Times are in milliseconds. */
export interface Authorization {
  /** SHA-256 of the code, in base64url. */
  readonly codeHash: string;
  readonly userId: string;
  /** The user's revision that the password was checked with. */
  readonly revision: number;
  readonly client: SessionClient;
  /** The redirect URI of the request, with its port. */
  readonly redirectUri: string;
  /** The code challenge, method S256 (RFC 7636 §4.2). */
  readonly challenge: string;
  /** The bucket of the browser's address, see `addresses.ts`. */
  readonly addressBucket: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** The session that it was traded for. Null until then. */
  readonly sessionId: string | null;
  readonly redeemedAt: number | null;
}

/** A new authorization. */
export type NewAuthorization = Omit<Authorization, "sessionId" | "redeemedAt">;

/** Why a client gets no codes: it is blocked, or its sessions of before are still being ended. */
export type ClosedClient = "blocked" | "ending";

/** Authorizations. Every change is durable when its promise resolves, and so is its audit event. */
export interface Authorizations {
  /**
   * @param arrival the address of the sign-in. Default: it is not recorded
   * @returns false if the user was disabled, removed or given a new password meanwhile, or if the client is closed
   */
  add(authorization: NewAuthorization, event: AuditEvent, arrival?: Arrival): Promise<boolean>;
  /** @returns undefined if the client gets codes */
  closed(clientId: string): Promise<ClosedClient | undefined>;
  byCode(codeHash: string): Promise<Authorization | undefined>;
  /**
   * Trades an authorization for a session, in one commit. Of any number of callers on any number of replicas one
   * succeeds.
   *
   * @param at the time that the expiry is compared with
   * @param instead the events of older sessions, which end in the same change
   * @returns false if the code was used or has expired, if the client was blocked, or if the user was disabled, removed
   * or given a new password since the person allowed it
   */
  redeem(
    authorization: Authorization,
    session: Session,
    at: number,
    events: readonly AuditEvent[],
    instead?: readonly AuditEvent[],
  ): Promise<boolean>;
}

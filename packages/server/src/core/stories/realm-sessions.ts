import type { AuditEvent } from "../audit-events.ts";

/** The record of a session at an identity provider. Times are milliseconds since the epoch. */
export interface RealmSession {
  /** The provider's session id: `sid` in its tokens. */
  readonly id: string;
  readonly userId: string;
  /** Fingerprint of the name that was typed to open it; empty if it was opened elsewhere. */
  readonly nameKey: string;
  /** The bucket of the address that opened it, see `addresses.ts`. */
  readonly addressBucket: string;
  /** The ID token with which the provider ends it, sealed; null if it was opened elsewhere. */
  readonly sealedIdTokenHint: string | null;
  /** No access token of it that passed through here is valid later than this. */
  readonly tokensUntil: number;
  /** The latest end of the session at the provider. */
  readonly keepUntil: number;
}

/** A session that ended here. */
export interface EndedRealmSession
  extends Pick<RealmSession, "id" | "userId" | "tokensUntil" | "keepUntil"> {}

/** The record of a session, as far as it is needed before its token is checked. */
export interface KnownRealmSession extends Pick<RealmSession, "userId" | "addressBucket"> {
  /** Whether it has ended here. */
  readonly ended: boolean;
}

/** Sessions at an identity provider. Every change is durable when its promise resolves, and so is its audit event. */
export interface RealmSessions {
  /**
   * Records that a session was opened or used.
   *
   * @returns false if it has ended here: none of its tokens may be answered
   */
  note(session: RealmSession, event: AuditEvent): Promise<boolean>;
  /** Ends a session and adds it to the revocations. @returns false if it had ended before */
  end(session: EndedRealmSession, events: readonly AuditEvent[]): Promise<boolean>;
  /** The record of a session, until its latest end at the provider. */
  byId(id: string): Promise<KnownRealmSession | undefined>;
  /** The sealed ID token with which the provider ends a session; null if none is known. */
  sealedIdTokenHint(id: string): Promise<string | null>;
  /** Sessions that ended here and that the provider was not notified of, oldest first, a hundred at most. */
  unnotified(): Promise<Pick<RealmSession, "id" | "sealedIdTokenHint">[]>;
  /** Notes that the provider was notified, or can never be. */
  markNotified(id: string, at: number): Promise<void>;
  /** The id of the user that signed in last under a name. */
  holderOf(nameKey: string): Promise<string | undefined>;
  /** Whether the user has a session, ended or not, that was opened from this address. */
  openedFrom(userId: string, addressBucket: string): Promise<boolean>;
}

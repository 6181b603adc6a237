import type { AuditEvent } from "./audit-events.ts";

/** A session that an identity provider keeps, as far as it is known here. Times are milliseconds since the epoch. */
export interface RealmSession {
  /** What the provider calls it: `sid` in its tokens. */
  readonly id: string;
  readonly userId: string;
  /** Fingerprint of the name that was typed to open it; empty where it was opened elsewhere. */
  readonly nameKey: string;
  /** Where it was opened, as `address-bucket.ts` has it. */
  readonly addressBucket: string;
  /** What the provider must be shown to end it, sealed; null where it was opened elsewhere. */
  readonly sealedIdTokenHint: string | null;
  /** No access token of it that passed through here is valid later than this. */
  readonly tokensUntil: number;
  /** Until when the provider may go on with it. */
  readonly keepUntil: number;
}

/** A session that ended here. */
export interface EndedRealmSession
  extends Pick<RealmSession, "id" | "userId" | "tokensUntil" | "keepUntil"> {}

/** What is known of a session before its token is checked. */
export interface KnownRealmSession extends Pick<RealmSession, "userId" | "addressBucket"> {
  /** Whether it has ended here. */
  readonly ended: boolean;
}

/** Sessions at an identity provider. Every change is durable when its promise resolves, and so is its audit event. */
export interface RealmSessions {
  /**
   * Notes that a session was opened or used.
   *
   * @returns false where it has ended here, so that no token of it may go out
   */
  note(session: RealmSession, event: AuditEvent): Promise<boolean>;
  /** Ends a session and adds it to the revocations. @returns false where it had ended before */
  end(session: EndedRealmSession, events: readonly AuditEvent[]): Promise<boolean>;
  /** What is known of a session, for as long as the provider might go on with it. */
  byId(id: string): Promise<KnownRealmSession | undefined>;
  /** What the provider must be shown to end a session; null where there is nothing. */
  sealedIdTokenHint(id: string): Promise<string | null>;
  /** Sessions that ended here and that the provider was not notified of, oldest first, a hundred at most. */
  unnotified(): Promise<Pick<RealmSession, "id" | "sealedIdTokenHint">[]>;
  /** Notes that the provider was notified, or can never be. */
  markNotified(id: string, at: number): Promise<void>;
  /** Who signed in last under a name. */
  holderOf(nameKey: string): Promise<string | undefined>;
  /** Whether the user has a session, ended or not, that was opened from this address. */
  openedFrom(userId: string, addressBucket: string): Promise<boolean>;
}

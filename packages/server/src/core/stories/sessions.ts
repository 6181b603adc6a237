import type { AuditEvent } from "../audit-events.ts";
import type { Arrival } from "../mail/arrivals.ts";

/** The state of a refresh token in the chain of its session. */
export interface RefreshTokenState {
  /** The number of rotations before it. */
  readonly generation: number;
  /** SHA-256 of its secret. */
  readonly refreshHash: string;
}

/** The times that a use of a session changes. All times are milliseconds since the epoch. */
export interface SessionUse {
  readonly lastUsedAt: number;
  /** The end without another use; never later than `endsAt`. */
  readonly expiresAt: number;
  /** The latest expiry of its access tokens. */
  readonly tokensUntil: number;
}

/** The OAuth client that a session belongs to, with the resource and scope that the person allowed. */
export interface SessionClient {
  readonly id: string;
  /** The name that the page showed, as the client gave it. */
  readonly name: string;
  /** Scopes, separated by spaces. It may be empty. */
  readonly scope: string;
  /** URL of the one resource that its access tokens are for (RFC 8707). */
  readonly resource: string;
}

/** A session, with the state of its current refresh token. It lasts from sign-in to logout or expiry. */
export interface Session extends RefreshTokenState, SessionUse {
  readonly id: string;
  readonly userId: string;
  /** Null for a person's own login. */
  readonly client: SessionClient | null;
  readonly rotatedAt: number;
  readonly createdAt: number;
  /** The end of the session, used or not. */
  readonly endsAt: number;
  readonly endedAt: number | null;
  /** The bucket of the address that opened it, see `addresses.ts`. */
  readonly addressBucket: string;
}

/** A part of the list of sessions. */
export interface SessionPage {
  /** Sessions behind this one alone. It may have ended. */
  readonly after?: Pick<Session, "id" | "userId" | "createdAt"> | undefined;
  /** Sessions of this OAuth client alone. */
  readonly clientId?: string | undefined;
  readonly limit: number;
}

/** A session that a further one makes surplus. */
export interface SurplusSession {
  readonly id: string;
  /** The id of its OAuth client; null for a person's own login. */
  readonly clientId: string | null;
}

/** The terms of an end of all sessions. */
export interface EndingTerms {
  /** The id of the session that goes on. Default: none. */
  readonly keep?: string | undefined;
  /** The version that the user must have. Default: any. */
  readonly version?: number | undefined;
}

/** Sessions. Every change is durable when its promise resolves, and so is its audit event. */
export interface Sessions {
  byId(id: string): Promise<Session | undefined>;
  /**
   * Live sessions at a time, of one user or of all: by user, and each user's oldest first. Those of one client and of
   * every user come by their age alone.
   *
   * @param page Default: all
   */
  live(at: number, userId?: string, page?: SessionPage): Promise<Session[]>;
  /** A user's live sessions at a time, last used first. @param most the number of sessions, at most */
  liveOf(userId: string, at: number, most: number): Promise<Session[]>;
  /** The number of a user's live sessions at a time. @param except the id of a session that does not count */
  countLive(userId: string, at: number, except?: string): Promise<number>;
  /**
   * Opens a session if the user still has the revision that the password was checked with.
   *
   * @param instead the events of older sessions, which end in the same change; see `surplus`
   * @param arrival the address of the sign-in. Default: it is not recorded
   * @returns false if the user was disabled, removed or given a new password meanwhile
   */
  open(
    session: Session,
    revision: number,
    event: AuditEvent,
    instead?: readonly AuditEvent[],
    arrival?: Arrival,
  ): Promise<boolean>;
  /** The oldest live sessions of a user beyond the `kept` newest, ten at most. */
  surplus(userId: string, at: number, kept: number): Promise<SurplusSession[]>;
  /** Compare-and-set: replaces `from` by `to` if `from` is current and the session is live. */
  rotate(
    id: string,
    from: RefreshTokenState,
    to: RefreshTokenState,
    use: SessionUse,
    event: AuditEvent,
  ): Promise<boolean>;
  /**
   * Counts a repeat of the token before `current`.
   *
   * @returns false if `current` was replaced, the session ended, or `most` repeats were counted since the rotation
   */
  repeat(id: string, current: RefreshTokenState, most: number, event: AuditEvent): Promise<boolean>;
  /** Records a use that leaves the refresh token as it is. @returns false if the session is not live */
  touch(id: string, use: SessionUse, event: AuditEvent): Promise<boolean>;
  /** Ends a session and adds it to the revocations. @returns false if it had ended before */
  end(id: string, events: readonly AuditEvent[]): Promise<boolean>;
  /**
   * Ends every session of a user except `keep`, in one step of a bounded size. They join the revocations in batches.
   *
   * @returns false if the user had no other session, or has another version
   */
  endAll(userId: string, event: AuditEvent, terms?: EndingTerms): Promise<boolean>;
  /** Whether the user has a session, ended or not, that was opened from this address. */
  openedFrom(userId: string, addressBucket: string): Promise<boolean>;
}

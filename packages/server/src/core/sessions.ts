import type { AuditEvent } from "./audit-events.ts";

/** One sign-in, until logout or expiry. All times are milliseconds since the epoch. */
export interface Session {
  readonly id: string;
  readonly userId: string;
  /** How often the refresh token was rotated: the generation of the one that is current. */
  readonly generation: number;
  /** SHA-256 of the current refresh token's secret. */
  readonly refreshHash: string;
  readonly rotatedAt: number;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  /** When it ends if it is not used again; never later than `endsAt`. */
  readonly expiresAt: number;
  /** When it ends, used or not. */
  readonly endsAt: number;
  /** No access token of this session is valid later than this. */
  readonly tokensUntil: number;
  readonly endedAt: number | null;
  /** Where it was opened, as `address-bucket.ts` has it. */
  readonly addressBucket: string;
}

/** What one use of a session changes. */
export interface SessionUse {
  readonly lastUsedAt: number;
  readonly expiresAt: number;
  readonly tokensUntil: number;
}

/** A refresh token's place in its session's chain. */
export interface RefreshTokenState {
  readonly generation: number;
  readonly refreshHash: string;
}

/** Sessions. Every change is durable when its promise resolves, and so is its audit event. */
export interface Sessions {
  byId(id: string): Promise<Session | undefined>;
  /** Sessions that live at this time, of one user or of all, oldest first. */
  live(at: number, userId?: string): Promise<Session[]>;
  /** Sessions of a user that live at this time, those that were used last first. @param most how many at most */
  liveOf(userId: string, at: number, most: number): Promise<Session[]>;
  /** How many sessions of a user live at this time. @param except the id of one that does not count */
  countLive(userId: string, at: number, except?: string): Promise<number>;
  /**
   * Opens a session, if the user still is as they were when their password was checked.
   *
   * @param instead events of older sessions that end in the same change, see `surplus`
   * @returns false where the user was disabled, removed or given a new password meanwhile
   */
  open(
    session: Session,
    revision: number,
    event: AuditEvent,
    instead?: readonly AuditEvent[],
  ): Promise<boolean>;
  /** The oldest live sessions of a user beyond so many that are kept, ten at most. */
  surplus(userId: string, at: number, kept: number): Promise<string[]>;
  /** Compare and set: replaces `from` by `to` if `from` is current and the session lives. */
  rotate(
    id: string,
    from: RefreshTokenState,
    to: RefreshTokenState,
    use: SessionUse,
    event: AuditEvent,
  ): Promise<boolean>;
  /**
   * Counts a repeat of the token before `current`, if `current` still is current, the session lives, and fewer than
   * `most` were counted since the last rotation.
   */
  repeat(id: string, current: RefreshTokenState, most: number, event: AuditEvent): Promise<boolean>;
  /** Notes a use that leaves the refresh token as it is, if the session lives. */
  touch(id: string, use: SessionUse, event: AuditEvent): Promise<boolean>;
  /** Ends a session and adds it to the revocations. @returns false where it had ended before */
  end(id: string, events: readonly AuditEvent[]): Promise<boolean>;
  /**
   * Ends every session of a user, but for `keep`, in one step of a bounded size. They join the revocations in batches.
   *
   * @returns false where there was none to end
   */
  endAll(userId: string, event: AuditEvent, keep?: string): Promise<boolean>;
  /** Whether the user has a session, ended or not, that was opened from this address. */
  openedFrom(userId: string, addressBucket: string): Promise<boolean>;
}

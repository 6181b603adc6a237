import type { NameKeys } from "./account-names.ts";
import type { AuditEvent, AuditEventName } from "./audit-events.ts";

/** Milliseconds since the epoch. */
export type Clock = () => number;

/** Milliseconds of a clock that never steps, from an arbitrary origin. It measures elapsed time. */
export type SteadyClock = () => number;

/** Who is asking, as far as the edge can tell. */
export interface Caller {
  /** IP address: the peer's, or the one that a trusted proxy vouches for. */
  readonly address: string;
  readonly requestId: string;
  /** Aborted when the caller hangs up. */
  readonly signal?: AbortSignal;
}

/** What the world may know of a user. */
export interface User {
  readonly id: string;
  readonly username: string;
  readonly email: string;
  readonly displayName: string | null;
  readonly active: boolean;
  readonly roles: readonly string[];
}

/** A user of Latchkey's own database, as administrators see it. */
export interface UserRecord extends User {
  readonly createdAt: number;
}

/** A row of the users table. It never leaves the provider and the people: they copy it without its secrets. */
export interface LocalUser extends UserRecord {
  /** PHC string of the password. */
  readonly passwordHash: string;
  /** Raised by every change that must end what was begun before it: a new password, disabling, removal. */
  readonly revision: number;
}

/** A copy without the password hash and the revision. */
export function userOf({ id, username, email, displayName, active, roles }: User): User {
  return { id, username, email, displayName, active, roles };
}

/** The result of the one read of a sign-in. */
export interface SignInRead {
  /** Undefined for an unknown account. */
  readonly holder: LocalUser | undefined;
  /** The password hash of some user: a check without a usable hash costs as much as this one. */
  readonly decoy: string | undefined;
}

export interface NewUser {
  readonly id: string;
  readonly username: string;
  readonly email: string;
  readonly emailKey: string;
  readonly usernameKey: string;
  readonly displayName: string | null;
  readonly roles: readonly string[];
  readonly passwordHash: string;
}

/** Whether a new user could be added, and if not, why. */
export type AddOutcome = "added" | "username_taken" | "email_taken";

/** Users of Latchkey's own database. Every change is durable when its promise resolves. */
export interface Users {
  /**
   * @param key a canonical user name or e-mail address, see `account-names.ts`
   * @param older other keys under which an earlier version may have stored the e-mail address
   */
  byName(key: string, older?: NameKeys["older"]): Promise<LocalUser | undefined>;
  byId(id: string): Promise<LocalUser | undefined>;
  list(): Promise<LocalUser[]>;
  /** Whether there is none. */
  isEmpty(): Promise<boolean>;
  /**
   * Reads an account and a decoy in one statement, whether the account exists or not.
   *
   * @param key a canonical user name or e-mail address
   * @param older as for `byName`
   * @param seed chooses the decoy: the same one while the users stay the same
   */
  forSignIn({ key, older }: NameKeys, seed: string): Promise<SignInRead>;
  add(user: NewUser, event: AuditEvent): Promise<AddOutcome>;
  /** Adds the user only where there is none at all. Of several racing callers one gets `true`. */
  addFirst(user: NewUser, event: AuditEvent): Promise<boolean>;
  /** Replaces the password and ends every session of the user, in one step of a bounded size. */
  setPassword(id: string, passwordHash: string, event: AuditEvent): Promise<boolean>;
  /** Stores the same password hashed anew, unless it was changed meanwhile. */
  upgradeHash(user: LocalUser, passwordHash: string): Promise<boolean>;
  /** Lets a user in, or keeps them out and ends their sessions, in one step of a bounded size. */
  setActive(id: string, active: boolean, event: AuditEvent): Promise<boolean>;
  /** Removes the user and ends their sessions, in one step of a bounded size. */
  remove(id: string, event: AuditEvent): Promise<boolean>;
}

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
export interface Link {
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
  rotate(id: string, from: Link, to: Link, use: SessionUse, event: AuditEvent): Promise<boolean>;
  /**
   * Counts a repeat of the token before `current`, if `current` still is current, the session lives, and fewer than
   * `most` were counted since the last rotation.
   */
  repeat(id: string, current: Link, most: number, event: AuditEvent): Promise<boolean>;
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

/** A session that ended while access tokens of it may be valid, in the order of the list. */
export interface Revocation {
  readonly number: number;
  readonly sessionId: string;
  /** No token of the session is valid after this. */
  readonly until: number;
}

/** The numbered, append-only list of ended sessions. */
export interface RevocationLog {
  /** Revocations with a number above `cursor`, oldest first. */
  after(cursor: number): Promise<Revocation[]>;
  /** Whether sessions have ended that are not on the list yet, because a user had very many. */
  isIncomplete(): Promise<boolean>;
  /** Whether a session of a local user has ended, on the list or not. A session that is unknown has. */
  hasEnded(sessionId: string): Promise<boolean>;
}

/** How busy the connections to a database are. */
export interface PoolFigures {
  /** Connections at most. */
  readonly max: number;
  /** Connections that the database lets the server have, as far as known. */
  readonly allowed: number;
  /** Connections that are open. */
  readonly size: number;
  readonly idle: number;
  /** Who waits for one. */
  readonly waiting: number;
}

/** A signing key as it is stored: its private part is sealed. */
export interface StoredKey {
  readonly kid: string;
  /** Public JWK as JSON. */
  readonly publicJwk: string;
  readonly sealedPrivateKey: string;
  readonly createdAt: number;
  /** When it began to sign; null while it is published ahead of its turn. */
  readonly activatedAt: number | null;
  /** When it stopped signing. */
  readonly retiredAt: number | null;
  /** After this the last token that it signed has expired; null until it is retired. */
  readonly keepUntil: number | null;
}

/** Signing keys: at any time one that signs, one that is next, and retired ones that still verify. */
export interface KeyStore {
  all(): Promise<StoredKey[]>;
  /** Stores the first two keys where there is none. Of several racing callers one gets `true`. */
  seed(active: StoredKey, next: StoredKey): Promise<boolean>;
  /**
   * Retires `active`, lets the published `next` sign in its place and stores `successor` as the new next.
   *
   * @returns false where another rotation came first
   */
  rotate(step: KeyRotation, event: AuditEvent): Promise<boolean>;
}

export interface KeyRotation {
  readonly activeKid: string;
  readonly nextKid: string;
  readonly successor: StoredKey;
  readonly at: number;
  /** Until when the retired key must stay published. */
  readonly keepUntil: number;
}

/** Where audit events go that belong to no other change. Durable when the promise resolves. */
export interface AuditTrail {
  record(event: AuditEvent): Promise<void>;
}

/** An event with its place in the trail. A newer Latchkey may have written another name or reason. */
export interface RecordedEvent extends Omit<AuditEvent, "name" | "reason"> {
  readonly number: number;
  readonly name: string;
  readonly reason?: string;
}

/** Which events to read, newest first. */
export interface AuditQuery {
  /** How many at most. */
  readonly limit: number;
  /** Only those with a smaller number than this. */
  readonly before?: number | undefined;
  readonly name?: AuditEventName | undefined;
  /** Only those that happened to this account, or that this user caused. */
  readonly user?: string | undefined;
}

/** Some events, newest first, and where to read on: as the next query's `before`. Without it there is no more. */
export interface AuditPage {
  readonly events: readonly RecordedEvent[];
  readonly next?: number;
}

/** Where audit events are read again. How many are looked at for one page is bounded. */
export interface AuditReader {
  recent(query: AuditQuery): Promise<AuditPage>;
}

/** A typed name, before its account is looked up. */
export interface AccountName extends NameKeys {
  /** Keyed fingerprint of the canonical spelling. The audit trail names an unknown account by it. */
  readonly fingerprint: string;
}

/** The account behind a name, whether a user holds it or not. Two spellings of one account have the same key. */
export interface Account {
  readonly key: string;
  /** Undefined for an unknown account. */
  readonly userId: string | undefined;
  /**
   * Checks a password. Does the same work whether the account exists, is active, or neither.
   *
   * @throws {LatchkeyError} `overloaded` if too many passwords wait to be checked, `client_gone`
   */
  checkPassword(password: string, caller: Caller): Promise<Verdict>;
}

/** Whether the password was right. The reason of a wrong one is for the log and the audit trail alone. */
export type Verdict =
  | { readonly ok: true; readonly user: User /** The state the user was in. */; readonly revision: number }
  | { readonly ok: false; readonly reason: VerdictReason };

/** Why a password was not accepted. `unusable_hash`: the stored hash is not argon2. */
export type VerdictReason = "unknown_user" | "wrong_password" | "inactive" | "unusable_hash";

/** The accounts that sign in with a password. */
export interface Accounts {
  /** Brings a typed name into its canonical spelling. Reads nothing. */
  nameOf(username: string): AccountName;
  /** @throws {LatchkeyError} `overloaded` if there is no room to check a password of this account now */
  assertRoom(name: AccountName, caller: Caller): void;
  find(name: AccountName): Promise<Account>;
}

/** Finds users by their id. */
export interface UserById {
  byId(userId: string): Promise<User | undefined>;
}

import type { AuditEvent } from "../audit-events.ts";
import type { NewAuthorization } from "../oauth/authorizations.ts";
import type { User } from "../people/users.ts";

/** A person of an identity provider, as the provider describes them. */
export interface RealmPerson extends Omit<User, "active"> {
  /** The provider's issuer. */
  readonly issuer: string;
}

/** An authorization by a person of a provider. The store fills in the revision. */
export type RealmAuthorization = Omit<NewAuthorization, "revision">;

/** A session that has ended here, with the provider's tokens. */
export interface EndedBrokeredSession {
  readonly id: string;
  readonly userId: string;
  readonly tokens: string;
}

/**
 * People of an identity provider that OAuth clients act for, and the provider's tokens of their sessions. No local
 * user is found here, and no person of a provider among the local users. Every change is durable when its promise
 * resolves.
 *
 * The tokens are an opaque text: the provider's own code seals them.
 */
export interface RealmPeople {
  byId(id: string): Promise<User | undefined>;
  /**
   * Records a person and their authorization in one commit.
   *
   * @param tokens go to the session that the authorization is traded for
   * @returns false if a local user has the id
   */
  allow(
    person: RealmPerson,
    authorization: RealmAuthorization,
    tokens: string,
    event: AuditEvent,
  ): Promise<boolean>;
  /** The tokens of a session. Undefined if it has none, or has ended. */
  tokensOf(sessionId: string): Promise<string | undefined>;
  /**
   * Compare-and-set: replaces the tokens of a session.
   *
   * @param person the provider's latest description, stored in the same commit
   * @returns false if another caller replaced `from` first, or the session has ended
   */
  replaceTokens(sessionId: string, from: string, to: string, person?: RealmPerson): Promise<boolean>;
  /** The tokens of a person's other sessions that have not ended. */
  tokensOfOthers(userId: string, sessionId: string): Promise<string[]>;
  /** The tokens of a person's codes that are not redeemed. */
  tokensOfCodes(userId: string): Promise<string[]>;
  /** Sessions that have ended with tokens, a hundred at most. */
  ended(): Promise<EndedBrokeredSession[]>;
  /** Deletes the tokens of a session, after the provider was notified of its end, or can never be. */
  forgetTokens(sessionId: string): Promise<void>;
  /** Deletes the tokens of codes that nobody redeemed. @param before the expiry of the codes, milliseconds since the epoch */
  forgetTokensOfCodes(before: number): Promise<void>;
}

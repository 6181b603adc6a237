import type { SessionPrincipal } from "../../core/current-user.ts";
import { seal, unseal } from "../../core/key-sealing.ts";
import type { RealmSession } from "../../core/realm-sessions.ts";
import type { RealmGrant } from "./realm.ts";

/** Keycloak's own longest life of a session that no setting bounds, in milliseconds. */
const unbounded = 30 * 86_400_000;
/** How far the clocks of the realm and of this machine may differ, in milliseconds. */
const skew = 60_000;

/** Where a session was opened, and under which name. */
export type Opening = Pick<RealmSession, "nameKey" | "addressBucket">;

/** What is kept of a session of the realm. The ID token is sealed: it tells who somebody is. */
export class SessionNotes {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** @param now milliseconds since the epoch */
  noteOf(
    { sessionId: id, userId, expiresAt }: SessionPrincipal,
    grant: RealmGrant,
    opening: Opening,
    now: number,
  ): RealmSession {
    const { idToken, refreshableFor = unbounded } = grant;
    const tokensUntil = expiresAt + skew;
    const sealedIdTokenHint = idToken === undefined ? null : seal(Buffer.from(idToken), id, this.#key);
    return {
      id,
      userId,
      ...opening,
      sealedIdTokenHint,
      tokensUntil,
      keepUntil: Math.max(tokensUntil, now + refreshableFor),
    };
  }

  /** The ID token of a session; undefined where there is none, or another secret sealed it. */
  hintOf({ id, sealedIdTokenHint }: Pick<RealmSession, "id" | "sealedIdTokenHint">): string | undefined {
    return sealedIdTokenHint === null ? undefined : unseal(sealedIdTokenHint, id, this.#key)?.toString();
  }

  /**
   * Until when tokens of a session must be refused that is ended now: those that were issued lately and did not
   * pass through here are valid as long as this one was.
   */
  endOf({ sessionId: id, userId, expiresAt }: SessionPrincipal, lifetimeMs: number, now: number) {
    const tokensUntil = Math.max(expiresAt, now + lifetimeMs) + skew;
    return { id, userId, tokensUntil, keepUntil: tokensUntil };
  }
}

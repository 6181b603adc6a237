import type { SessionPrincipal } from "../../core/stories/current-user.ts";
import type { EndedRealmSession, RealmSession } from "../../core/stories/realm-sessions.ts";
import { seal, unsealWithAny } from "../../core/tokens/key-sealing.ts";
import type { RealmGrant } from "./realm.ts";

/** Keycloak's own longest lifetime of a session without a bound in its settings, in milliseconds. */
const unbounded = 30 * 86_400_000;
/** The allowed difference between the realm's clock and this machine's, in milliseconds. */
const clockSkew = 60_000;

/** The address from which a session was opened, and the name that was typed. */
export type Opening = Pick<RealmSession, "nameKey" | "addressBucket">;

/** Makes the records of the realm's sessions. The ID token in a record is sealed, because it holds personal data. */
export class SessionRecords {
  readonly #key: Buffer;
  readonly #others: readonly Buffer[];

  /** @param key seals the ID tokens. @param others keys of other secrets, which only open them */
  constructor(key: Buffer, ...others: readonly Buffer[]) {
    this.#key = key;
    this.#others = others;
  }

  /** The record of a session that was opened or refreshed. @param now milliseconds since the epoch */
  recordOf(
    { sessionId: id, userId, expiresAt }: SessionPrincipal,
    grant: RealmGrant,
    opening: Opening,
    now: number,
  ): RealmSession {
    const { idToken, refreshableFor = unbounded } = grant;
    const tokensUntil = expiresAt + clockSkew;
    const sealedIdTokenHint = idToken === undefined ? null : seal(Buffer.from(idToken), id, this.#key);
    const keepUntil = Math.max(tokensUntil, now + refreshableFor);
    return { id, userId, ...opening, sealedIdTokenHint, tokensUntil, keepUntil };
  }

  /**
   * The record of a session that ends now. Other tokens of the session may be younger than this one and unknown here.
   * They are refused for one lifetime of a token from now.
   */
  endedRecordOf(
    { sessionId: id, userId, expiresAt }: SessionPrincipal,
    lifetimeMs: number,
    now: number,
  ): EndedRealmSession {
    const tokensUntil = Math.max(expiresAt, now + lifetimeMs) + clockSkew;
    return { id, userId, tokensUntil, keepUntil: tokensUntil };
  }

  /** The ID token of a session; undefined if the record holds none, or was sealed with another secret. */
  idTokenHintOf(session: Pick<RealmSession, "id" | "sealedIdTokenHint">): string | undefined {
    const { id, sealedIdTokenHint: sealed } = session;
    return sealed === null ? undefined : unsealWithAny(sealed, id, [this.#key, ...this.#others])?.toString();
  }
}

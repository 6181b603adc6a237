import { isKnownError, type KnownError, SignedOutError } from "./errors.ts";
import { type Changed, KeptTokens, type StoreFailure } from "./kept-tokens.ts";
import { Listeners } from "./listeners.ts";
import { alone } from "./locks.ts";
import type { TokenStore } from "./stores.ts";
import { isExpired, isFresh, type RefreshGrant, type TokenSet, tokenSetOf } from "./tokens.ts";
import type { RefreshTokenResponse } from "./wire.ts";

/**
 * Why a session is over. `refused`: the server would not refresh it. `expired`: it could not be refreshed.
 *
 * @example auth.onSessionEnd(({ reason, error }: SessionEnd) => console.log(reason, error?.message));
 */
export interface SessionEnd {
  readonly reason: "logout" | "refused" | "expired";
  readonly error?: KnownError;
}

/** Trades a grant for new tokens. */
export type Exchange = (grant: RefreshGrant) => Promise<RefreshTokenResponse>;

/**
 * The tokens of who is signed in: kept in a store, refreshed in time, once for all who ask.
 *
 * Every login and every end begins a new era. A refresh that comes back in another era than it began in is
 * thrown away, and so is one whose tokens another tab has replaced or forgotten.
 */
export class Session {
  readonly ends = new Listeners<SessionEnd>();
  readonly storeFailures = new Listeners<StoreFailure>();
  readonly #kept: KeptTokens;
  readonly #name: string | undefined;
  readonly #exchange: Exchange;
  readonly #lockTimeout: number;
  #era = 0;
  #refreshing: Promise<TokenSet> | undefined;

  /** @param lockTimeout how long a refresh may wait for the one of another tab, in milliseconds */
  constructor(store: TokenStore, exchange: Exchange, lockTimeout: number) {
    this.#kept = new KeptTokens(store, this.storeFailures);
    this.#name = store.name;
    this.#exchange = exchange;
    this.#lockTimeout = lockTimeout;
  }

  async begin(tokens: TokenSet): Promise<void> {
    this.#era++;
    await this.#kept.replace(tokens);
  }

  /** Forgets the tokens because of a logout, at once for whoever asks from now on. @returns what was forgotten */
  async end(): Promise<Changed> {
    this.#era++;
    const changed = await this.#kept.replace(undefined);
    if (changed.held) this.#announce({ reason: "logout" });
    return changed;
  }

  /**
   * An access token that is good for a while, or undefined where nobody is signed in.
   *
   * @param refused a token that the server has refused: another one is wanted
   */
  async fresh(refused?: string): Promise<string | undefined> {
    const held = await this.#kept.get();
    if (!held) return undefined;
    if (held.accessToken !== refused && isFresh(held, Date.now())) return held.accessToken;
    const refresh = () => this.#refresh(refused);
    this.#refreshing ??= alone("refresh", this.#name, this.#lockTimeout, refresh).finally(() => {
      this.#refreshing = undefined;
    });
    return (await this.#refreshing).accessToken;
  }

  /**
   * Trades a grant. What comes of it is the session's, if the grant was or if there is no session, and if
   * nothing has changed meanwhile.
   */
  async trade(
    grant: RefreshGrant,
    exchange: () => Promise<RefreshTokenResponse>,
    era = this.#era,
    held?: TokenSet,
  ): Promise<RefreshTokenResponse> {
    const askedAt = Date.now();
    const before = held ?? (await this.#kept.get().catch(() => undefined));
    const own =
      !before ||
      (grant.refreshToken
        ? before.refreshToken === grant.refreshToken
        : before.accessToken === grant.currentToken);
    try {
      const answer = await exchange();
      if (own)
        await this.#replace(
          era,
          before,
          tokenSetOf(answer, askedAt, grant.refreshToken ?? before?.refreshToken),
        );
      return answer;
    } catch (error) {
      const end = own && before && endOf(error, !before.refreshToken && isExpired(before, Date.now()));
      if (end && (await this.#replace(era, before, undefined))) this.#announce(end);
      throw error;
    }
  }

  async #refresh(refused: string | undefined): Promise<TokenSet> {
    const era = this.#era;
    const held = await this.#kept.get(true);
    if (!held) throw signedOut();
    const { refreshToken, accessToken } = held;
    const usable = () => accessToken !== refused && !isExpired(held, Date.now());
    if (usable() && isFresh(held, Date.now())) return held;
    const grant = refreshToken ? { refreshToken } : { currentToken: accessToken };
    const exchange = () => {
      if (!refreshToken && isExpired(held, Date.now())) throw signedOut();
      return this.#exchange(grant);
    };
    const failure: unknown = await this.trade(grant, exchange, era, held).then(
      () => undefined,
      (error: unknown) => error,
    );
    const kept = await this.#kept.get();
    if (!kept) throw failure ?? signedOut();
    // Unless a login, or another tab, was faster.
    if (failure && kept.accessToken === accessToken) {
      if (!usable()) throw failure;
    }
    return kept;
  }

  /** Writes new tokens in place of others, if those are still the ones. @returns whether they were */
  async #replace(era: number, before: TokenSet | undefined, next: TokenSet | undefined): Promise<boolean> {
    const same = (held?: TokenSet) => era === this.#era && held?.accessToken === before?.accessToken;
    return (await this.#kept.replace(next, same)).done;
  }

  #announce(end: SessionEnd): void {
    this.#era++;
    this.ends.tell(end);
  }
}

const refusals: readonly number[] = [400, 401, 403];

/** Answers to a refresh after which no other would be given: refused, or a server that cannot refresh at all. */
export const hopeless: readonly number[] = [...refusals, 404, 405, 422];

/** What the answer to a refresh means for the session; nothing, where it may work the next time. */
function endOf(error: unknown, expired: boolean): SessionEnd | undefined {
  if (error instanceof SignedOutError) return { reason: "expired" };
  if (!isKnownError(error) || !("status" in error)) return undefined;
  if (refusals.includes(error.status)) return { reason: "refused", error };
  return expired && hopeless.includes(error.status) ? { reason: "expired", error } : undefined;
}

/** What there is to say where there is no token. */
export function signedOut(): SignedOutError {
  return new SignedOutError("Nobody is signed in");
}

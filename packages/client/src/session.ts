import { BufferedStore, type Changed, type StoreFailure } from "./buffered-store.ts";
import { isKnownError, type KnownError, SignedOutError } from "./errors.ts";
import { type TokenStore, withLock } from "./stores.ts";
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

/** Listeners of one kind of event. */
class Listeners<Event> extends Set<(event: Event) => void> {
  /** @returns stops calling back */
  on(listener: (event: Event) => void): () => void {
    this.add(listener);
    return () => void this.delete(listener);
  }

  /** Calls back later, so that a listener that throws stops no other. */
  emit(event: Event): void {
    for (const listener of this) void Promise.resolve(event).then(listener);
  }
}

/**
 * The tokens of who is signed in: kept in a store, refreshed in time, once for all who ask.
 *
 * Every login and every end begins a new era. A refresh that comes back in another era than it began in is
 * thrown away, and so is one whose tokens another tab has replaced or forgotten.
 */
export class Session {
  readonly ends = new Listeners<SessionEnd>();
  readonly storeErrors = new Listeners<StoreFailure>();
  readonly #kept: BufferedStore;
  readonly #store: TokenStore;
  readonly #exchange: Exchange;
  readonly #lockTimeout: number;
  #version = 0;
  #refreshing: Promise<TokenSet> | undefined;

  /** @param lockTimeout how long a refresh may wait for the one of another tab, in milliseconds */
  constructor(store: TokenStore, exchange: Exchange, lockTimeout: number) {
    this.#kept = new BufferedStore(store, (failure) => this.storeErrors.emit(failure));
    this.#store = store;
    this.#exchange = exchange;
    this.#lockTimeout = lockTimeout;
  }

  async begin(tokens: TokenSet): Promise<void> {
    this.#version++;
    await this.#kept.replace(tokens);
  }

  /** Forgets the tokens because of a logout, at once for whoever asks from now on. @returns what was forgotten */
  async end(): Promise<Changed> {
    this.#version++;
    const changed = await this.#kept.replace(undefined);
    if (changed.held) this.#announce({ reason: "logout" });
    return changed;
  }

  /**
   * An access token that is good for a while, or undefined where nobody is signed in.
   *
   * @param refused a token that the server has refused: another one is wanted
   */
  async token(refused?: string): Promise<string | undefined> {
    const held = await this.#kept.get();
    if (!held) return undefined;
    if (isFresh(held, refused)) return held.accessToken;
    const refresh = () => this.#refresh(refused);
    this.#refreshing ??= withLock(this.#store, "refresh", this.#lockTimeout, refresh).finally(() => {
      this.#refreshing = undefined;
    });
    return (await this.#refreshing).accessToken;
  }

  /**
   * Trades a grant. What comes of it is the session's, if the grant was or if there is no session, and if
   * nothing has changed meanwhile.
   */
  async refresh(
    grant: RefreshGrant,
    exchange: () => Promise<RefreshTokenResponse>,
  ): Promise<RefreshTokenResponse> {
    const version = this.#version;
    const askedAt = Date.now();
    const held = await this.#kept.get().catch(() => undefined);
    const { refreshToken, currentToken } = grant;
    const own =
      !held || (refreshToken ? held.refreshToken === refreshToken : held.accessToken === currentToken);
    return own ? this.#adopt(exchange, grant, version, held, askedAt) : exchange();
  }

  async #refresh(refused: string | undefined): Promise<TokenSet> {
    const version = this.#version;
    const held = await this.#kept.get(true);
    if (!held) throw new SignedOutError();
    if (isFresh(held, refused)) return held;
    const { refreshToken, accessToken } = held;
    const grant = refreshToken ? { refreshToken } : { currentToken: accessToken };
    const exchange = () => {
      if (!refreshToken && isExpired(held)) throw new SignedOutError();
      return this.#exchange(grant);
    };
    const failure: unknown = await this.#adopt(exchange, grant, version, held).then(
      () => undefined,
      (error: unknown) => error,
    );
    const kept = await this.#kept.get();
    if (!kept) throw failure ?? new SignedOutError();
    // Unless a login, or another tab, was faster.
    const same = kept.accessToken === accessToken;
    if (failure && same && (accessToken === refused || isExpired(held))) throw failure;
    return kept;
  }

  /** Keeps what a refresh brings back, or ends the session, if nothing has changed meanwhile. */
  async #adopt(
    exchange: () => Promise<RefreshTokenResponse>,
    grant: RefreshGrant,
    version: number,
    before: TokenSet | undefined,
    askedAt = Date.now(),
  ): Promise<RefreshTokenResponse> {
    try {
      const answer = await exchange();
      const next = tokenSetOf(answer, askedAt, grant.refreshToken ?? before?.refreshToken);
      await this.#replace(version, before, next);
      return answer;
    } catch (error) {
      const end = before && endOf(error, !before.refreshToken && isExpired(before));
      if (end && (await this.#replace(version, before, undefined))) this.#announce(end);
      throw error;
    }
  }

  /** Writes new tokens in place of others, if those are still the ones. @returns whether they were */
  async #replace(
    version: number,
    before: TokenSet | undefined,
    next: TokenSet | undefined,
  ): Promise<boolean> {
    const same = (held?: TokenSet) => version === this.#version && held?.accessToken === before?.accessToken;
    return (await this.#kept.replace(next, same)).done;
  }

  #announce(end: SessionEnd): void {
    this.#version++;
    this.ends.emit(end);
  }
}

const refusedStatuses: readonly number[] = [400, 401, 403];

/** Answers to a refresh after which no other would be given: refused, or a server that cannot refresh at all. */
export const finalStatuses: readonly number[] = [...refusedStatuses, 404, 405, 422];

/** What the answer to a refresh means for the session; nothing, where it may work the next time. */
function endOf(error: unknown, expired: boolean): SessionEnd | undefined {
  if (error instanceof SignedOutError) return { reason: "expired" };
  if (!isKnownError(error) || !("status" in error)) return undefined;
  if (refusedStatuses.includes(error.status)) return { reason: "refused", error };
  return expired && finalStatuses.includes(error.status) ? { reason: "expired", error } : undefined;
}

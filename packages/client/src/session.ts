import { BufferedStore, type Replacement, type StoreFailure } from "./buffered-store.ts";
import { isKnownError, type KnownError, SignedOutError } from "./errors.ts";
import { type TokenStore, withLock } from "./stores.ts";
import { isExpired, isFresh, type RefreshGrant, type TokenSet, tokenSetOf } from "./tokens.ts";
import type { RefreshTokenResponse } from "./wire.ts";

/**
 * The reason why a session ended. `refused`: the server refused a refresh. `expired`: no refresh was possible.
 *
 * @example auth.onSessionEnd(({ reason, error }: SessionEnd) => console.log(reason, error?.message));
 */
export interface SessionEnd {
  readonly reason: "logout" | "refused" | "expired";
  readonly error?: KnownError;
}

type SendRefresh = (grant: RefreshGrant) => Promise<RefreshTokenResponse>;

/** The listeners of one type of event. */
class Listeners<Event> extends Set<(event: Event) => void> {
  /** @returns a function that removes the listener */
  on(listener: (event: Event) => void): () => void {
    this.add(listener);
    return () => void this.delete(listener);
  }

  /** Calls every listener in a microtask of its own, so that one that throws does not stop the others. */
  emit(event: Event): void {
    for (const listener of this) void Promise.resolve(event).then(listener);
  }
}

/**
 * A signed-in session: its tokens are in a store, and are refreshed shortly before they expire. Concurrent
 * callers share one refresh.
 *
 * Every login and every end increments a version. The result of a refresh is only stored if the version and the
 * stored tokens are the same as before it. So a slow refresh undoes no login and no logout.
 */
export class Session {
  readonly ends = new Listeners<SessionEnd>();
  readonly storeErrors = new Listeners<StoreFailure>();
  readonly #tokens: BufferedStore;
  readonly #store: TokenStore;
  readonly #sendRefresh: SendRefresh;
  readonly #lockTimeout: number;
  #version = 0;
  #refreshing: Promise<TokenSet> | undefined;

  /** @param lockTimeout the longest wait for the refresh of another tab, in milliseconds */
  constructor(store: TokenStore, sendRefresh: SendRefresh, lockTimeout: number) {
    this.#tokens = new BufferedStore(store, (failure) => this.storeErrors.emit(failure));
    this.#store = store;
    this.#sendRefresh = sendRefresh;
    this.#lockTimeout = lockTimeout;
  }

  /** Stores the tokens of a login. */
  async begin(tokens: TokenSet): Promise<void> {
    this.#version++;
    await this.#tokens.replace(tokens);
  }

  /** Removes the tokens because of a logout. @returns the tokens that were removed */
  async end(): Promise<Replacement> {
    this.#version++;
    const removed = await this.#tokens.replace(undefined);
    if (removed.held) this.#announce({ reason: "logout" });
    return removed;
  }

  /**
   * A fresh access token, or undefined if nobody is signed in.
   *
   * @param refused an access token that a server has answered with 401, and that must not be returned again
   */
  async token(refused?: string): Promise<string | undefined> {
    const held = await this.#tokens.get();
    if (!held) return undefined;
    if (isFresh(held, refused)) return held.accessToken;
    const refresh = () => this.#refresh(refused);
    this.#refreshing ??= withLock(this.#store, "refresh", this.#lockTimeout, refresh).finally(() => {
      this.#refreshing = undefined;
    });
    return (await this.#refreshing).accessToken;
  }

  /**
   * A refresh with the caller's own grant. The new tokens are stored if the grant belongs to this session, or if
   * nobody is signed in.
   *
   * @param send waits for the response; the request may already be on its way
   */
  async refresh(
    grant: RefreshGrant,
    send: () => Promise<RefreshTokenResponse>,
  ): Promise<RefreshTokenResponse> {
    const version = this.#version;
    const sentAt = Date.now();
    const held = await this.#tokens.get().catch(() => undefined);
    const { refreshToken, currentToken } = grant;
    const own =
      !held || (refreshToken ? held.refreshToken === refreshToken : held.accessToken === currentToken);
    return own ? this.#adopt(grant, send, version, held, sentAt) : send();
  }

  /** Refreshes the session's own tokens, unless another tab has done so while this one waited for the lock. */
  async #refresh(refused: string | undefined): Promise<TokenSet> {
    const version = this.#version;
    const held = await this.#tokens.get(true);
    if (!held) throw new SignedOutError();
    if (isFresh(held, refused)) return held;
    const { refreshToken, accessToken } = held;
    const grant = refreshToken ? { refreshToken } : { currentToken: accessToken };
    const send = () => {
      if (!refreshToken && isExpired(held)) throw new SignedOutError();
      return this.#sendRefresh(grant);
    };
    const failure: unknown = await this.#adopt(grant, send, version, held).then(
      () => undefined,
      (error: unknown) => error,
    );
    const current = await this.#tokens.get();
    if (!current) throw failure ?? new SignedOutError();
    // After a failure the old token is used until it expires. A login, or another tab, may have replaced it.
    const same = current.accessToken === accessToken;
    if (failure && same && (accessToken === refused || isExpired(held))) throw failure;
    return current;
  }

  /** Stores the tokens of a refresh, or ends the session if the server refuses it. */
  async #adopt(
    grant: RefreshGrant,
    send: () => Promise<RefreshTokenResponse>,
    version: number,
    before: TokenSet | undefined,
    sentAt = Date.now(),
  ): Promise<RefreshTokenResponse> {
    try {
      const response = await send();
      const next = tokenSetOf(response, sentAt, grant.refreshToken ?? before?.refreshToken);
      await this.#replace(version, before, next);
      return response;
    } catch (error) {
      const end = before && endOf(error, !before.refreshToken && isExpired(before));
      if (end && (await this.#replace(version, before, undefined))) this.#announce(end);
      throw error;
    }
  }

  /** Compare-and-set with the version and the stored tokens. @returns whether both matched */
  async #replace(
    version: number,
    before: TokenSet | undefined,
    next: TokenSet | undefined,
  ): Promise<boolean> {
    const same = (held?: TokenSet) => version === this.#version && held?.accessToken === before?.accessToken;
    return (await this.#tokens.replace(next, same)).done;
  }

  /** Calls the listeners of the session's end. */
  #announce(end: SessionEnd): void {
    this.#version++;
    this.ends.emit(end);
  }
}

/** The statuses by which a server refuses a refresh for good. */
const refusedStatuses: readonly number[] = [400, 401, 403];

/** The statuses after which repeating a refresh is useless: a refusal, or a server without a refresh route. */
export const finalStatuses: readonly number[] = [...refusedStatuses, 404, 405, 422];

/** Why an error of a refresh ends the session, or undefined if a later refresh may succeed. */
function endOf(error: unknown, expired: boolean): SessionEnd | undefined {
  if (error instanceof SignedOutError) return { reason: "expired" };
  if (!isKnownError(error) || !("status" in error)) return undefined;
  if (refusedStatuses.includes(error.status)) return { reason: "refused", error };
  return expired && finalStatuses.includes(error.status) ? { reason: "expired", error } : undefined;
}

import type { CloseSignal } from "./abortable.ts";
import { BufferedStore, type Replacement, type StoreFailure } from "./buffered-store.ts";
import { isKnownError, type KnownError, SignedOutError } from "./errors.ts";
import { type TokenStore, withLock } from "./stores.ts";
import {
  isExpired,
  isFresh,
  isOtherSession,
  type RefreshGrant,
  type TokenSet,
  tokenSetOf,
} from "./tokens.ts";
import type { RefreshTokenResponse } from "./wire.ts";

/**
 * The reason why a session ended. `refused`: the server refused a refresh. `expired`: no refresh was possible.
 * `elsewhere`: its tokens are gone from the store, because another tab or process has ended it.
 *
 * @example auth.onSessionEnd(({ reason, error }: SessionEnd) => console.log(reason, error?.message));
 */
export interface SessionEnd {
  readonly reason: "logout" | "refused" | "expired" | "elsewhere";
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
 *
 * Every look at the store is compared with the one before. So each end and each start is announced once, whether this
 * client has caused it or found it.
 */
export class Session {
  readonly ends = new Listeners<SessionEnd>();
  readonly starts = new Listeners<void>();
  readonly storeErrors = new Listeners<StoreFailure>();
  readonly #tokens: BufferedStore;
  readonly #store: TokenStore;
  readonly #sendRefresh: SendRefresh;
  readonly #lockTimeout: number;
  #version = 0;
  /** The tokens at the last look: undefined if nobody was signed in, null before the first look. */
  #seen: TokenSet | undefined | null = null;
  #watching = false;
  #refreshing: Promise<TokenSet> | undefined;

  /** @param lockTimeout the longest wait for the refresh of another tab, in milliseconds */
  constructor(store: TokenStore, sendRefresh: SendRefresh, lockTimeout: number) {
    const failed = (failure: StoreFailure) => this.storeErrors.emit(failure);
    this.#tokens = new BufferedStore(store, failed, (held) => this.#see(held));
    this.#store = store;
    this.#sendRefresh = sendRefresh;
    this.#lockTimeout = lockTimeout;
  }

  /** Looks at the store now and after each change that it reports, until the client is closed. */
  watch(closing: CloseSignal): void {
    if (this.#watching || closing.aborted) return;
    this.#watching = true;
    // A call reports a store that cannot be read.
    const look = () => void this.#tokens.get().catch(() => {});
    const stop = this.#store.watch?.(look);
    if (stop) closing.add(stop);
    look();
  }

  /** Stores the tokens of a login. */
  async begin(tokens: TokenSet): Promise<void> {
    this.#version++;
    await this.#tokens.replace(tokens);
  }

  /** Removes the tokens because of a logout. @returns the tokens that were removed */
  async end(): Promise<Replacement> {
    this.#version++;
    const see = (held?: TokenSet) => this.#see(held, { reason: "logout" });
    const removed = await this.#tokens.replace(undefined, undefined, see);
    if (removed.held) this.#version++;
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
      const { refreshToken = before?.refreshToken } = grant;
      const next = tokenSetOf(response, sentAt, refreshToken, before?.signedInAt);
      await this.#replace(version, before, next);
      return response;
    } catch (error) {
      const end = before && endOf(error, !before.refreshToken && isExpired(before));
      if (end && (await this.#replace(version, before, undefined, end))) this.#version++;
      throw error;
    }
  }

  /** Compare-and-set with the version and the stored tokens. @returns whether both matched */
  async #replace(
    version: number,
    before: TokenSet | undefined,
    next: TokenSet | undefined,
    end?: SessionEnd,
  ): Promise<boolean> {
    const same = (held?: TokenSet) => version === this.#version && held?.accessToken === before?.accessToken;
    return (await this.#tokens.replace(next, same, (held) => this.#see(held, end))).done;
  }

  /** Compares the current tokens with those of the last look, and calls the listeners of an end or a start. */
  #see(held: TokenSet | undefined, end: SessionEnd = { reason: "elsewhere" }): void {
    const seen = this.#seen;
    this.#seen = held;
    if (seen && !held) this.ends.emit(end);
    if (held && seen !== null && (!seen || isOtherSession(seen, held))) this.starts.emit();
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

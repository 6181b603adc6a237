import type { CloseSignal } from "./abortable.ts";
import { bufferedStore, type Replacement, type StoreFailure } from "./buffered-store.ts";
import { isKnownError, type KnownError, SignedOutError } from "./errors.ts";
import { orUndefined } from "./fields.ts";
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

/** A signed-in session, and the events of its life. */
export interface Session {
  readonly ends: Listeners<SessionEnd>;
  readonly starts: Listeners<void>;
  readonly storeErrors: Listeners<StoreFailure>;
  /** Looks at the store now and after each change that it reports, until the client is closed. */
  watch(closing: CloseSignal): void;
  /** Stores the tokens of a login. */
  begin(tokens: TokenSet): Promise<unknown>;
  /** Removes the tokens because of a logout. @returns the tokens that were removed */
  end(): Promise<Replacement>;
  /**
   * A fresh access token, or undefined if nobody is signed in.
   *
   * @param refused an access token that a server has answered with 401, and that must not be returned again
   */
  token(refused?: string): Promise<string | undefined>;
  /**
   * A refresh with the caller's own grant. The new tokens are stored if the grant belongs to this session, or if
   * nobody is signed in.
   *
   * @param send waits for the response; the request may already be on its way
   */
  refresh(grant: RefreshGrant, send: () => Promise<RefreshTokenResponse>): Promise<RefreshTokenResponse>;
}

/**
 * Opens the session of a store. Its tokens are refreshed shortly before they expire. Concurrent callers share one
 * refresh.
 *
 * Every login and every end increments a version. The result of a refresh is only stored if the version and the
 * stored tokens are the same as before it. So a slow refresh undoes no login and no logout.
 *
 * Every look at the store is compared with the one before. So each end and each start is announced once, whether this
 * client has caused it or found it.
 *
 * @param lockTimeout the longest wait for the refresh of another tab, in milliseconds
 */
export function openSession(
  store: TokenStore,
  sendRefresh: (grant: RefreshGrant) => Promise<RefreshTokenResponse>,
  lockTimeout: number,
): Session {
  const ends = new Listeners<SessionEnd>();
  const starts = new Listeners<void>();
  const storeErrors = new Listeners<StoreFailure>();
  let version = 0;
  /** The tokens at the last look: undefined without a session, null before the first look. */
  let seen: TokenSet | undefined | null = null;
  let watching = false;
  let refreshing: Promise<TokenSet> | undefined;

  /** Compares the current tokens with those of the last look, and calls the listeners of an end or a start. */
  const see = (held: TokenSet | undefined, end: SessionEnd = { reason: "elsewhere" }) => {
    const before = seen;
    seen = held;
    if (before && !held) ends.emit(end);
    if (held && before !== null && (!before || isOtherSession(before, held))) starts.emit();
  };
  const tokens = bufferedStore(
    store,
    (failure) => storeErrors.emit(failure),
    (held) => see(held),
  );

  /** Compare-and-set with the version and the stored tokens. @returns whether both matched */
  const replace = async (
    expected: number,
    before: TokenSet | undefined,
    next: TokenSet | undefined,
    end?: SessionEnd,
  ): Promise<boolean> => {
    const same = (held?: TokenSet) => expected === version && held?.accessToken === before?.accessToken;
    return (await tokens.replace(next, same, (held) => see(held, end))).done;
  };

  /** Stores the tokens of a refresh, or ends the session if the server refuses it. */
  const adopt = async (
    grant: RefreshGrant,
    send: () => Promise<RefreshTokenResponse>,
    expected: number,
    before: TokenSet | undefined,
    sentAt = Date.now(),
  ): Promise<RefreshTokenResponse> => {
    try {
      const response = await send();
      const { refreshToken = before?.refreshToken } = grant;
      await replace(expected, before, tokenSetOf(response, sentAt, refreshToken, before?.signedInAt));
      return response;
    } catch (error) {
      const end = before && endOf(error, !before.refreshToken && isExpired(before));
      if (end && (await replace(expected, before, undefined, end))) version++;
      throw error;
    }
  };

  /** Refreshes the session's own tokens, unless another tab has done so while this one waited for the lock. */
  const refreshOwn = async (refused: string | undefined): Promise<TokenSet> => {
    const expected = version;
    const held = await tokens.get(true);
    if (!held) throw new SignedOutError();
    if (isFresh(held, refused)) return held;
    const { refreshToken, accessToken } = held;
    const grant = refreshToken ? { refreshToken } : { currentToken: accessToken };
    const send = () => {
      if (!refreshToken && isExpired(held)) throw new SignedOutError();
      return sendRefresh(grant);
    };
    const failure: unknown = await adopt(grant, send, expected, held).then(
      () => undefined,
      (error: unknown) => error,
    );
    const current = await tokens.get();
    if (!current) throw failure ?? new SignedOutError();
    // After a failure the old token is used until it expires. A login, or another tab, may have replaced it.
    const same = current.accessToken === accessToken;
    if (failure && same && (accessToken === refused || isExpired(held))) throw failure;
    return current;
  };

  return {
    ends,
    starts,
    storeErrors,
    watch(closing) {
      if (watching || closing.aborted) return;
      // A call reports a store that cannot be read.
      const look = () => void tokens.get().catch(() => {});
      const stop = store.watch?.(look);
      watching = true;
      // One that throws must not keep other calls from being aborted.
      if (stop) closing.add(() => orUndefined(stop));
      look();
    },
    begin(signedIn) {
      version++;
      return tokens.replace(signedIn);
    },
    async end() {
      version++;
      const removed = await tokens.replace(undefined, undefined, (held) => see(held, { reason: "logout" }));
      if (removed.held) version++;
      return removed;
    },
    async token(refused) {
      const held = await tokens.get();
      if (!held) return undefined;
      if (isFresh(held, refused)) return held.accessToken;
      const refresh = () => refreshOwn(refused);
      refreshing ??= withLock(store, "refresh", lockTimeout, refresh).finally(() => {
        refreshing = undefined;
      });
      return (await refreshing).accessToken;
    },
    async refresh(grant, send) {
      const expected = version;
      const sentAt = Date.now();
      const held = await tokens.get().catch(() => undefined);
      const { refreshToken, currentToken } = grant;
      const own =
        !held || (refreshToken ? held.refreshToken === refreshToken : held.accessToken === currentToken);
      return own ? adopt(grant, send, expected, held, sentAt) : send();
    },
  };
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

import { type TokenStore, withLock } from "./stores.ts";
import type { TokenSet } from "./tokens.ts";

/**
 * A failed write. `keep`: new tokens are in memory only, until a retry succeeds. `forget`: the store still has
 * the tokens of a session that is over.
 *
 * @example auth.onStoreError(({ action, error }: StoreFailure) => console.error(action, error));
 */
export interface StoreFailure {
  readonly action: "keep" | "forget";
  /** The error of the store. */
  readonly error: unknown;
}

/** The outcome of a compare-and-set. */
export interface Replacement {
  /** The tokens before the change. */
  readonly held: TokenSet | undefined;
  /** Whether the tokens matched and were replaced. */
  readonly done: boolean;
  readonly failure: StoreFailure | undefined;
}

/** Called with the current tokens, in the order in which they were current. */
type Observer = (held: TokenSet | undefined) => void;

/** The current tokens, and the error of the store if it could not be read. */
type Reading = readonly [held: TokenSet | undefined, unread?: { readonly error: unknown }];

/** The lock timeout of a write, in milliseconds. A write sends no request, so it is short. */
const changeTimeout = 5_000;

/** The interval before a failed write is retried, in milliseconds. It doubles up to the longest. */
const firstInterval = 1_000;
const longestInterval = 60_000;

/** The current tokens of a session, and their replacement. */
export interface BufferedStore {
  /**
   * The current tokens. If the store cannot be read, the last known ones.
   *
   * @param strict throws instead of returning the last known tokens, because another tab may have refreshed them
   * @throws the error of the store, if no tokens are known
   */
  get(strict?: boolean): Promise<TokenSet | undefined>;
  /**
   * Compare-and-set: replaces the current tokens, if they match. Never rejects.
   *
   * @param matches compares the tokens that are current under the lock. Without it, any tokens are replaced.
   * @param observe gets the tokens before and after the change
   */
  replace(
    next: TokenSet | undefined,
    matches?: (held: TokenSet | undefined) => boolean,
    observe?: Observer,
  ): Promise<Replacement>;
}

/**
 * A write buffer in front of a token store. Tokens that the store refuses stay in memory, and the write is
 * retried. Without the buffer a full disk would end the session, because the server has already rotated the
 * tokens in the store.
 *
 * The buffer is dropped if the store changes after the failed write. So a later login or logout of another tab
 * is never overwritten.
 *
 * @param failed gets the failure of every write
 * @param observe gets the tokens of every read and change
 */
export function bufferedStore(
  store: TokenStore,
  failed: (failure: StoreFailure) => void,
  observe: Observer,
): BufferedStore {
  let queue: Promise<unknown> = Promise.resolve();
  /** The tokens at the last read of the store; null before the first read. */
  let known: TokenSet | undefined | null = null;
  /** The write that the store refused. */
  let pending: { readonly next: TokenSet | undefined } | undefined;
  /** The time of the last failed write. */
  let triedAt = 0;
  let interval = firstInterval;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Runs operations one after the other, so that a slow write cannot undo a later logout. */
  const serialize = <T>(work: () => Promise<T>): Promise<T> => {
    const done = queue.then(work);
    queue = done.catch(() => {});
    return done;
  };

  const clearPending = () => {
    pending = undefined;
    interval = firstInterval;
    clearTimeout(timer);
  };

  const read = async (): Promise<Reading> => {
    const before = known;
    const refused = pending;
    try {
      const stored = await store.get();
      known = stored;
      if (!refused) return [stored];
      // Without an earlier read to compare with, the tokens that were requested later win.
      const changed =
        before === null
          ? refused.next && stored && stored.issuedAt > refused.next.issuedAt
          : stored?.accessToken !== before?.accessToken;
      if (changed) clearPending();
      return [changed ? stored : refused.next];
    } catch (error) {
      return [refused ? refused.next : (before ?? undefined), { error }];
    }
  };

  /** @param unread the error of the last read. The write then fails too, so as not to overwrite unseen tokens. */
  const write = async (
    next: TokenSet | undefined,
    unread?: { error: unknown },
  ): Promise<StoreFailure | undefined> => {
    try {
      if (unread) throw unread.error;
      await store.set(next);
      known = next;
      clearPending();
      return undefined;
    } catch (error) {
      pending = undefined;
      // A failed write may have damaged the stored tokens, so the new content is what later reads compare with.
      if (!unread) await read();
      pending = { next };
      triedAt = Date.now();
      clearTimeout(timer);
      timer = setTimeout(retry, interval);
      // The timer must not keep a program alive.
      timer.unref?.();
      interval = Math.min(interval * 2, longestInterval);
      return { action: next ? "keep" : "forget", error };
    }
  };

  /** Reads and writes under the lock, so that no other tab writes in between. */
  const change = <T>(work: (...reading: Reading) => Promise<T>): Promise<T> =>
    serialize(() => withLock(store, "change", changeTimeout, async () => work(...(await read()))));

  const retry = () =>
    change(async (held, unread) => {
      if (!unread) observe(held);
      if (pending) await write(pending.next, unread);
    });

  return {
    async get(strict) {
      if (pending && Math.abs(Date.now() - triedAt) >= firstInterval) await retry();
      return serialize(async () => {
        const [held, unread] = await read();
        if (unread && !pending && (strict || known === null)) throw unread.error;
        observe(held);
        return held;
      });
    },
    replace: (next, matches, see = observe) =>
      change(async (held, unread) => {
        if (!(matches && unread)) see(held);
        const done = !matches || matches(held);
        const failure = done ? await write(next, matches && unread) : undefined;
        if (done) see(next);
        if (failure) failed(failure);
        return { held, done, failure };
      }),
  };
}

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

/**
 * A write buffer in front of a token store. Tokens that the store refuses stay in memory, and the write is
 * retried. Without the buffer a full disk would end the session, because the server has already rotated the
 * tokens in the store.
 *
 * The buffer is dropped if the store changes after the failed write. So a later login or logout of another tab
 * is never overwritten.
 */
export class BufferedStore {
  readonly #store: TokenStore;
  readonly #failed: (failure: StoreFailure) => void;
  readonly #observe: Observer;
  #queue: Promise<unknown> = Promise.resolve();
  /** The tokens at the last read of the store; null before the first read. */
  #stored: TokenSet | undefined | null = null;
  /** The write that the store refused. */
  #pending: { readonly next: TokenSet | undefined } | undefined;
  /** The time of the last failed write. */
  #triedAt = 0;
  #interval = firstInterval;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param observe gets the tokens of every read and change */
  constructor(store: TokenStore, failed: (failure: StoreFailure) => void, observe: Observer) {
    this.#store = store;
    this.#failed = failed;
    this.#observe = observe;
  }

  /**
   * The current tokens. If the store cannot be read, the last known ones.
   *
   * @param strict throws instead of returning the last known tokens, because another tab may have refreshed them
   * @throws the error of the store, if no tokens are known
   */
  async get(strict?: boolean): Promise<TokenSet | undefined> {
    if (this.#pending && Math.abs(Date.now() - this.#triedAt) >= firstInterval) await this.#retry();
    return this.#serialize(async () => {
      const [held, unread] = await this.#read();
      if (unread && !this.#pending && (strict || this.#stored === null)) throw unread.error;
      this.#observe(held);
      return held;
    });
  }

  /**
   * Compare-and-set: replaces the current tokens, if they match. Never rejects.
   *
   * @param matches compares the tokens that are current under the lock. Without it, any tokens are replaced.
   * @param observe gets the tokens before and after the change
   */
  replace(
    next: TokenSet | undefined,
    matches?: (held: TokenSet | undefined) => boolean,
    observe = this.#observe,
  ): Promise<Replacement> {
    return this.#change(async (held, unread) => {
      if (!(matches && unread)) observe(held);
      const done = !matches || matches(held);
      const failure = done ? await this.#write(next, matches && unread) : undefined;
      if (done) observe(next);
      if (failure) this.#failed(failure);
      return { held, done, failure };
    });
  }

  async #read(): Promise<Reading> {
    const before = this.#stored;
    const pending = this.#pending;
    try {
      const stored = await this.#store.get();
      this.#stored = stored;
      if (!pending) return [stored];
      // Without an earlier read to compare with, the tokens that were requested later win.
      const changed =
        before === null
          ? pending.next && stored && stored.issuedAt > pending.next.issuedAt
          : stored?.accessToken !== before?.accessToken;
      if (changed) this.#clearPending();
      return [changed ? stored : pending.next];
    } catch (error) {
      return [pending ? pending.next : (before ?? undefined), { error }];
    }
  }

  /** @param unread the error of the last read. The write then fails too, so as not to overwrite unseen tokens. */
  async #write(next: TokenSet | undefined, unread?: { error: unknown }): Promise<StoreFailure | undefined> {
    try {
      if (unread) throw unread.error;
      await this.#store.set(next);
      this.#stored = next;
      this.#clearPending();
      return undefined;
    } catch (error) {
      this.#pending = undefined;
      // A failed write may have damaged the stored tokens, so the new content is what later reads compare with.
      if (!unread) await this.#read();
      this.#pending = { next };
      this.#triedAt = Date.now();
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#retry(), this.#interval);
      // The timer must not keep a program alive.
      this.#timer.unref?.();
      this.#interval = Math.min(this.#interval * 2, longestInterval);
      return { action: next ? "keep" : "forget", error };
    }
  }

  #retry(): Promise<unknown> {
    return this.#change(async (held, unread) => {
      if (!unread) this.#observe(held);
      if (this.#pending) await this.#write(this.#pending.next, unread);
    });
  }

  #clearPending(): void {
    this.#pending = undefined;
    this.#interval = firstInterval;
    clearTimeout(this.#timer);
  }

  /** Reads and writes under the lock, so that no other tab writes in between. */
  #change<T>(work: (...reading: Reading) => Promise<T>): Promise<T> {
    return this.#serialize(() =>
      withLock(this.#store, "change", changeTimeout, async () => work(...(await this.#read()))),
    );
  }

  /** Runs operations one after the other, so that a slow write cannot undo a later logout. */
  #serialize<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => {});
    return done;
  }
}

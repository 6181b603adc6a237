import { type TokenStore, withLock } from "./stores.ts";
import type { TokenSet } from "./tokens.ts";

/**
 * A store failed. `keep`: new tokens are in memory alone, until a later try succeeds. `forget`: the store still
 * has the tokens of a session that is over.
 *
 * @example auth.onStoreError(({ action, error }: StoreFailure) => console.error(action, error));
 */
export interface StoreFailure {
  readonly action: "keep" | "forget";
  /** As the store threw it. */
  readonly error: unknown;
}

/** What became of a change. */
export interface Changed {
  /** The tokens before the change. */
  readonly held: TokenSet | undefined;
  readonly done: boolean;
  readonly failure: StoreFailure | undefined;
}

type Read = readonly [held: TokenSet | undefined, unread?: { readonly error: unknown }];

/** How long a change may wait for the lock, in milliseconds: it reads and writes, and asks no server. */
const changeTimeout = 5_000;

/** Between two tries of a failed write, in milliseconds: the first interval, doubled up to the longest. */
const firstInterval = 1_000;
const longestInterval = 60_000;

/**
 * The tokens in a store, and in memory while the store fails: the server has rotated them, so the ones that the
 * store still has are worthless.
 *
 * Tokens in memory count for as long as the store holds the same as when the write failed. A later change of
 * another tab goes before, so nothing older is written over it, and no logout is undone.
 */
export class BufferedStore {
  readonly #store: TokenStore;
  readonly #failed: (failure: StoreFailure) => void;
  #queue: Promise<unknown> = Promise.resolve();
  /** The tokens in the store as last seen; null before the first look. */
  #stored: TokenSet | undefined | null = null;
  /** The change that the store refused. */
  #pending: { readonly next: TokenSet | undefined } | undefined;
  #triedAt = 0;
  #interval = firstInterval;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(store: TokenStore, failed: (failure: StoreFailure) => void) {
    this.#store = store;
    this.#failed = failed;
  }

  /**
   * The tokens; the last ones known when the store cannot be read.
   *
   * @param strict for a refresh: tokens that another tab may have used up are not good enough
   * @throws the error of the store, when memory does not have them
   */
  async get(strict?: boolean): Promise<TokenSet | undefined> {
    if (this.#pending && Math.abs(Date.now() - this.#triedAt) >= firstInterval) await this.#retry();
    return this.#serialize(async () => {
      const [held, unread] = await this.#read();
      if (unread && !this.#pending && (strict || this.#stored === null)) throw unread.error;
      return held;
    });
  }

  /**
   * Writes new tokens in place of the ones that are held, if those fit. Never rejects.
   *
   * @param fits decides by what is held at that moment, in other tabs too; left out, any will do
   */
  replace(next: TokenSet | undefined, fits?: (held: TokenSet | undefined) => boolean): Promise<Changed> {
    return this.#change(async (held, unread) => {
      const done = !fits || fits(held);
      const failure = done ? await this.#write(next, fits && unread) : undefined;
      if (failure) this.#failed(failure);
      return { held, done, failure };
    });
  }

  async #read(): Promise<Read> {
    const before = this.#stored;
    const unwritten = this.#pending;
    try {
      const stored = await this.#store.get();
      this.#stored = stored;
      if (!unwritten) return [stored];
      // With nothing to compare, the tokens that were asked for later are the newer ones.
      const changed =
        before === null
          ? unwritten.next && stored && stored.issuedAt > unwritten.next.issuedAt
          : stored?.accessToken !== before?.accessToken;
      if (changed) this.#clearPending();
      return [changed ? stored : unwritten.next];
    } catch (error) {
      return [unwritten ? unwritten.next : (before ?? undefined), { error }];
    }
  }

  /** @param unread the store's error, when it could not be read and must not be written unseen */
  async #write(next: TokenSet | undefined, unread?: { error: unknown }): Promise<StoreFailure | undefined> {
    try {
      if (unread) throw unread.error;
      await this.#store.set(next);
      this.#stored = next;
      this.#clearPending();
      return undefined;
    } catch (error) {
      this.#pending = undefined;
      // A write that failed may have left something else than it found.
      if (!unread) await this.#read();
      this.#pending = { next };
      this.#triedAt = Date.now();
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#retry(), this.#interval);
      // A program that has nothing else to do may end.
      this.#timer.unref?.();
      this.#interval = Math.min(this.#interval * 2, longestInterval);
      return { action: next ? "keep" : "forget", error };
    }
  }

  #retry(): Promise<unknown> {
    return this.#change(async (_held, unread) => {
      if (this.#pending) await this.#write(this.#pending.next, unread);
    });
  }

  #clearPending(): void {
    this.#pending = undefined;
    this.#interval = firstInterval;
    clearTimeout(this.#timer);
  }

  /** What is read before a write must still hold when it is written, in other tabs too. */
  #change<T>(work: (...read: Read) => Promise<T>): Promise<T> {
    return this.#serialize(() =>
      withLock(this.#store, "change", changeTimeout, async () => work(...(await this.#read()))),
    );
  }

  /** One after the other, so that what is forgotten is not brought back by a write that was slow. */
  #serialize<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => {});
    return done;
  }
}

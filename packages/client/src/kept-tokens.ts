import type { Listeners } from "./listeners.ts";
import { alone } from "./locks.ts";
import type { TokenStore } from "./stores.ts";
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
export class KeptTokens {
  readonly #store: TokenStore;
  readonly #failures: Listeners<StoreFailure>;
  #turn: Promise<unknown> = Promise.resolve();
  /** The tokens in the store as last seen; null before the first look. */
  #stored: TokenSet | undefined | null = null;
  /** The change that the store refused. */
  #unwritten: { readonly next: TokenSet | undefined } | undefined;
  #triedAt = 0;
  #interval = firstInterval;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(store: TokenStore, failures: Listeners<StoreFailure>) {
    this.#store = store;
    this.#failures = failures;
  }

  /**
   * The tokens; the last ones known when the store cannot be read.
   *
   * @param strict for a refresh: tokens that another tab may have used up are not good enough
   * @throws the error of the store, when memory does not have them
   */
  async get(strict?: boolean): Promise<TokenSet | undefined> {
    if (this.#unwritten && Math.abs(Date.now() - this.#triedAt) >= firstInterval) await this.#retry();
    return this.#inTurn(async () => {
      const { held, unread } = await this.#look();
      if (unread && !this.#unwritten && (strict || this.#stored === null)) throw unread.error;
      return held;
    });
  }

  /**
   * Writes new tokens in place of the ones that are held, if those fit. Never rejects.
   *
   * @param fits decides by what is held at that moment, in other tabs too; left out, any will do
   */
  replace(next: TokenSet | undefined, fits?: (held: TokenSet | undefined) => boolean): Promise<Changed> {
    return this.#change(async () => {
      const { held, unread } = await this.#look();
      const done = !fits || fits(held);
      const failure = done ? await this.#write(next, fits && unread) : undefined;
      if (failure) this.#failures.tell(failure);
      return { held, done, failure };
    });
  }

  async #look(): Promise<{ held: TokenSet | undefined; unread?: { error: unknown } }> {
    const before = this.#stored;
    const unwritten = this.#unwritten;
    try {
      const stored = await this.#store.get();
      this.#stored = stored;
      if (!unwritten) return { held: stored };
      // With nothing to compare, the tokens that were asked for later are the newer ones.
      const changed =
        before === null
          ? unwritten.next && stored && stored.issuedAt > unwritten.next.issuedAt
          : stored?.accessToken !== before?.accessToken;
      if (changed) this.#settled();
      return { held: changed ? stored : unwritten.next };
    } catch (error) {
      return { held: unwritten ? unwritten.next : (before ?? undefined), unread: { error } };
    }
  }

  /** @param unread the store's error, when it could not be read and must not be written unseen */
  async #write(next: TokenSet | undefined, unread?: { error: unknown }): Promise<StoreFailure | undefined> {
    try {
      if (unread) throw unread.error;
      await this.#store.set(next);
      this.#stored = next;
      this.#settled();
      return undefined;
    } catch (error) {
      this.#unwritten = undefined;
      // A write that failed may have left something else than it found.
      if (!unread) await this.#look();
      this.#unwritten = { next };
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
    return this.#change(async () => {
      const { unread } = await this.#look();
      if (this.#unwritten) await this.#write(this.#unwritten.next, unread);
    });
  }

  #settled(): void {
    this.#unwritten = undefined;
    this.#interval = firstInterval;
    clearTimeout(this.#timer);
  }

  /** What is read before a write must still hold when it is written, in other tabs too. */
  #change<T>(work: () => Promise<T>): Promise<T> {
    return this.#inTurn(() => alone("change", this.#store.name, changeTimeout, work));
  }

  /** One after the other, so that what is forgotten is not brought back by a write that was slow. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}

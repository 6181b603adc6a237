import { LatchkeyError } from "./errors.ts";
import type { Clock, Revocation, RevocationLog } from "./ports.ts";

/**
 * For how long a revocation is kept after the last token of its session has expired, in milliseconds: a guard
 * may take a token for valid so much longer, because its clock is not this one.
 */
export const longestTolerance = 60_000;

/**
 * What was read longer ago than this, in milliseconds, is read again before a token is let through: a session that
 * ended elsewhere is refused within a second, also where the store does not say so by itself.
 */
const freshFor = 700;
/** How long a reading may take before a token is refused rather than kept waiting, in milliseconds. */
const readingPatience = 500;

/**
 * The ended sessions whose access tokens may still look valid, followed from the store's numbered list.
 * Asking is a look into memory; `follow` brings in what this and other processes added.
 */
export class Revocations {
  readonly #log: RevocationLog;
  readonly #clock: Clock;
  readonly #ended = new Set<string>();
  readonly #listeners = new Set<() => void>();
  /** In the order of their numbers. */
  #list: Revocation[] = [];
  #cursor = 0;
  #readAt = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | undefined;

  constructor(log: RevocationLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** How many ended sessions are held. */
  get size(): number {
    return this.#list.length;
  }

  /** When the list was last read with success, in milliseconds since the epoch. */
  get readAt(): number {
    return this.#readAt;
  }

  /** Number of the last revocation that is known here. */
  get cursor(): number {
    return this.#cursor;
  }

  /**
   * Whether a session has ended: at once where the list was read a moment ago.
   *
   * @throws {LatchkeyError} `store_unavailable` where it was not, and cannot be read now
   */
  isRevoked(sessionId: string | undefined): boolean | Promise<boolean> {
    if (this.#isFresh()) return this.#hasEnded(sessionId);
    return this.refresh().then(() => this.#hasEnded(sessionId));
  }

  /**
   * Reads the list, unless that was done a moment ago.
   *
   * @throws {LatchkeyError} `store_unavailable` where it cannot be read now
   */
  async refresh(): Promise<void> {
    if (this.#isFresh()) return;
    this.#refreshing ??= this.#readSoon().finally(() => {
      this.#refreshing = undefined;
    });
    await this.#refreshing;
  }

  /**
   * Revocations with a number above `cursor`, oldest first. A cursor beyond the list's end belongs to another
   * list, such as one that a restored database has lost: it is answered from the beginning.
   *
   * @param most how many at most
   */
  after(cursor: number, most: number): readonly Revocation[] {
    const from = cursor > this.#cursor ? 0 : this.#firstAfter(cursor);
    return this.#list.slice(from, from + most);
  }

  /** Calls back whenever there is something new. @returns what ends it */
  onAdded(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async follow(): Promise<void> {
    const before = this.#cursor;
    const began = this.#clock();
    for (const revocation of await this.#log.after(before)) {
      // Who asked at the same time may have brought it in already.
      if (revocation.number <= this.#cursor) continue;
      this.#ended.add(revocation.sessionId);
      this.#list.push(revocation);
      this.#cursor = revocation.number;
    }
    this.#readAt = Math.max(this.#readAt, began);
    if (this.#cursor > before) for (const listener of this.#listeners) listener();
  }

  /** Forgets sessions of which no token can be valid any more. @param now milliseconds since the epoch */
  prune(now: number): void {
    const kept: Revocation[] = [];
    for (const revocation of this.#list) {
      if (revocation.until >= now - longestTolerance) kept.push(revocation);
      else this.#ended.delete(revocation.sessionId);
    }
    this.#list = kept;
  }

  #hasEnded(sessionId: string | undefined): boolean {
    return sessionId !== undefined && this.#ended.has(sessionId);
  }

  #isFresh(): boolean {
    const age = this.#clock() - this.#readAt;
    return age >= 0 && age < freshFor;
  }

  async #readSoon(): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () =>
        late.reject(
          new LatchkeyError("store_unavailable", { reason: "ended sessions not read", retryAfter: 1 }),
        ),
      readingPatience,
    );
    try {
      await Promise.race([this.follow(), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #firstAfter(cursor: number): number {
    let [from, to] = [0, this.#list.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#list[middle]?.number ?? 0) > cursor) to = middle;
      else from = middle + 1;
    }
    return from;
  }
}

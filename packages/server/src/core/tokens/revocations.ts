import type { Clock, SteadyClock } from "../clock.ts";
import { CachedRead } from "./cached-read.ts";

/** An ended session with access tokens that may not have expired, as an entry of the list. */
export interface Revocation {
  readonly number: number;
  readonly sessionId: string;
  /** The expiry of the last token of the session. */
  readonly until: number;
}

/** The numbered, append-only list of ended sessions. */
export interface RevocationLog {
  /** Revocations with a number above `cursor`, oldest first. */
  after(cursor: number): Promise<Revocation[]>;
  /** Whether ended sessions are still missing on the list, because a user had very many. */
  isIncomplete(): Promise<boolean>;
  /** Whether a session has ended, on the list or not. An unknown session has ended. */
  hasEnded(sessionId: string): Promise<boolean>;
}

/**
 * How long a revocation is kept after the last token of its session has expired, in milliseconds. The clock of a
 * guard may be behind by as much, and then the guard takes the token for valid.
 */
export const longestTolerance = 60_000;

export interface RevocationClocks {
  readonly clock: Clock;
  readonly steady: SteadyClock;
  /** The lifetime of an access token that is issued now, in milliseconds. */
  readonly tokenLifetime: number;
}

/** A revocation in memory. */
interface HeldRevocation extends Revocation {
  /** The earliest time to drop it, by the steady clock: a step of the wall clock does not shorten it. */
  readonly steadyUntil: number;
}

/**
 * The ended sessions that have access tokens which still look valid. A check reads memory alone. `poll` adds the new
 * entries of the store's numbered list, from this and other processes.
 */
export class Revocations {
  readonly #log: RevocationLog;
  readonly #clocks: RevocationClocks;
  readonly #reading: CachedRead;
  readonly #ended = new Set<string>();
  readonly #listeners = new Set<() => void>();
  /** In the order of their numbers. */
  #list: HeldRevocation[] = [];
  #cursor = 0;
  /** Whether ended sessions are missing on the list. Then the store is asked about each session. */
  #incomplete = false;
  #readings = 0;
  #lastReading = 0;

  constructor(log: RevocationLog, clocks: RevocationClocks) {
    const { clock: now, steady } = clocks;
    this.#log = log;
    this.#clocks = clocks;
    this.#reading = new CachedRead("ended sessions", () => this.#read(), { now, steady });
  }

  /** The number of ended sessions in memory. */
  get size(): number {
    return this.#list.length;
  }

  /** Milliseconds since the last successful read of the list. */
  get age(): number {
    return this.#reading.age;
  }

  /** The number of the last revocation in memory. */
  get cursor(): number {
    return this.#cursor;
  }

  /** Whether ended sessions are missing on the list. */
  get isIncomplete(): boolean {
    return this.#incomplete;
  }

  /** The number of the first revocation in memory. All tokens of earlier ones have expired. */
  get firstHeld(): number {
    return this.#list[0]?.number ?? this.#cursor + 1;
  }

  /**
   * Whether a session has ended. The answer is a value, not a promise, while the list is fresh: the guard takes both.
   *
   * @throws {LatchkeyError} `store_unavailable` if the list is stale and cannot be read
   */
  isRevoked(sessionId: string | undefined): boolean | Promise<boolean> {
    if (this.#reading.isFresh) return this.#hasEnded(sessionId);
    return this.refresh().then(() => this.#hasEnded(sessionId));
  }

  /**
   * The list alone, for sessions that the store does not open: those of a realm. Each of them joins the list in the
   * change that ends it, so the list is complete for them.
   */
  get listed(): Pick<Revocations, "isRevoked"> {
    const isListed = (sessionId: string | undefined) => sessionId !== undefined && this.#ended.has(sessionId);
    return {
      isRevoked: (sessionId) =>
        this.#reading.isFresh ? isListed(sessionId) : this.refresh().then(() => isListed(sessionId)),
    };
  }

  /**
   * Reads the list unless it is fresh.
   *
   * @throws {LatchkeyError} `store_unavailable` if it cannot be read
   */
  refresh(): Promise<void> {
    return this.#reading.refresh();
  }

  /**
   * Revocations with a number above `cursor`, oldest first. A cursor beyond the end belongs to another list, such as
   * that of a database before it was restored. It gets the list from its beginning.
   *
   * @param most the number of revocations, at most
   */
  after(cursor: number, most: number): readonly Revocation[] {
    const from = cursor > this.#cursor ? 0 : this.#firstAfter(cursor);
    return this.#list
      .slice(from, from + most)
      .map(({ number, sessionId, until }) => ({ number, sessionId, until }));
  }

  /** Calls a listener after every addition. @returns a function that removes the listener */
  onAdded(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads the additions of this and other processes. */
  poll(): Promise<void> {
    return this.#reading.read();
  }

  async #read(): Promise<void> {
    const reading = ++this.#readings;
    // Read before the list: the change that completes the list adds the last sessions to it.
    const incomplete = await this.#log.isIncomplete();
    if (incomplete) this.#incomplete = true;
    const before = this.#cursor;
    const { clock, steady, tokenLifetime } = this.#clocks;
    for (const revocation of await this.#log.after(before)) {
      // A concurrent read may have added it already.
      if (revocation.number <= this.#cursor) continue;
      this.#ended.add(revocation.sessionId);
      const left = Math.max(tokenLifetime, revocation.until - clock());
      this.#list.push({ ...revocation, steadyUntil: steady() + left });
      this.#cursor = revocation.number;
    }
    // A slower read that began earlier has older data.
    if (reading > this.#lastReading) {
      this.#lastReading = reading;
      this.#incomplete = incomplete;
    }
    if (this.#cursor > before) for (const listener of this.#listeners) listener();
  }

  /**
   * Drops sessions with all tokens expired: by the deletion time, by this process's clock and by elapsed time. A step
   * of one clock never makes a token valid again.
   *
   * @param deletionTime milliseconds since the epoch, see `deletion-time.ts`
   */
  prune(deletionTime: number): void {
    const now = Math.min(deletionTime, this.#clocks.clock()) - longestTolerance;
    const steady = this.#clocks.steady() - longestTolerance;
    const kept: HeldRevocation[] = [];
    for (const revocation of this.#list) {
      if (revocation.until >= now || revocation.steadyUntil >= steady) kept.push(revocation);
      else this.#ended.delete(revocation.sessionId);
    }
    this.#list = kept;
  }

  #hasEnded(sessionId: string | undefined): boolean | Promise<boolean> {
    if (sessionId === undefined) return false;
    return this.#ended.has(sessionId) || (this.#incomplete && this.#log.hasEnded(sessionId));
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

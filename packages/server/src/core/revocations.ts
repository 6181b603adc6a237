import { CachedRead } from "./cached-read.ts";
import type { Clock, SteadyClock } from "./clock.ts";

/** A session that ended while access tokens of it may be valid, in the order of the list. */
export interface Revocation {
  readonly number: number;
  readonly sessionId: string;
  /** No token of the session is valid after this. */
  readonly until: number;
}

/** The numbered, append-only list of ended sessions. */
export interface RevocationLog {
  /** Revocations with a number above `cursor`, oldest first. */
  after(cursor: number): Promise<Revocation[]>;
  /** Whether sessions have ended that are not on the list yet, because a user had very many. */
  isIncomplete(): Promise<boolean>;
  /** Whether a session of a local user has ended, on the list or not. A session that is unknown has. */
  hasEnded(sessionId: string): Promise<boolean>;
}

/**
 * For how long a revocation is kept after the last token of its session has expired, in milliseconds: a guard
 * may take a token for valid so much longer, because its clock is not this one.
 */
export const longestTolerance = 60_000;

export interface RevocationClocks {
  readonly clock: Clock;
  readonly steady: SteadyClock;
  /** How long an access token lives that is issued now, in milliseconds. */
  readonly tokenLifetime: number;
}

/** A revocation that is held here. */
interface HeldRevocation extends Revocation {
  /** Until when it is held at least, by the steady clock: no step of a clock shortens it. */
  readonly steadyUntil: number;
}

/**
 * The ended sessions whose access tokens may still look valid, followed from the store's numbered list.
 * Asking is a look into memory; `poll` brings in what this and other processes added.
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
  /** Whether sessions have ended that are not on the list yet: then the store is asked about each. */
  #incomplete = false;
  #readings = 0;
  #lastReading = 0;

  constructor(log: RevocationLog, clocks: RevocationClocks) {
    const { clock: now, steady } = clocks;
    this.#log = log;
    this.#clocks = clocks;
    this.#reading = new CachedRead("ended sessions", () => this.#read(), { now, steady });
  }

  /** How many ended sessions are held. */
  get size(): number {
    return this.#list.length;
  }

  /** Milliseconds since the list was last read with success. */
  get age(): number {
    return this.#reading.age;
  }

  /** Number of the last revocation that is known here. */
  get cursor(): number {
    return this.#cursor;
  }

  /** Whether sessions have ended that are not on the list yet. */
  get isIncomplete(): boolean {
    return this.#incomplete;
  }

  /** Number of the first revocation that is held here: no token of an earlier one can be valid. */
  get firstHeld(): number {
    return this.#list[0]?.number ?? this.#cursor + 1;
  }

  /**
   * Whether a session has ended: at once where the list was read a moment ago.
   *
   * @throws {LatchkeyError} `store_unavailable` where it was not, and cannot be read now
   */
  isRevoked(sessionId: string | undefined): boolean | Promise<boolean> {
    if (this.#reading.isFresh) return this.#hasEnded(sessionId);
    return this.refresh().then(() => this.#hasEnded(sessionId));
  }

  /**
   * Reads the list, unless that was done a moment ago.
   *
   * @throws {LatchkeyError} `store_unavailable` where it cannot be read now
   */
  refresh(): Promise<void> {
    return this.#reading.refresh();
  }

  /**
   * Revocations with a number above `cursor`, oldest first. A cursor beyond the list's end belongs to another
   * list, such as one that a restored database has lost: it is answered from the beginning.
   *
   * @param most how many at most
   */
  after(cursor: number, most: number): readonly Revocation[] {
    const from = cursor > this.#cursor ? 0 : this.#firstAfter(cursor);
    return this.#list
      .slice(from, from + most)
      .map(({ number, sessionId, until }) => ({ number, sessionId, until }));
  }

  /** Calls back whenever there is something new. @returns what ends it */
  onAdded(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Brings in what this and other processes added. */
  poll(): Promise<void> {
    return this.#reading.read();
  }

  async #read(): Promise<void> {
    const reading = ++this.#readings;
    // Before the list: the change that completes it puts the last sessions on it.
    const incomplete = await this.#log.isIncomplete();
    if (incomplete) this.#incomplete = true;
    const before = this.#cursor;
    const { clock, steady, tokenLifetime } = this.#clocks;
    for (const revocation of await this.#log.after(before)) {
      // Who asked at the same time may have brought it in already.
      if (revocation.number <= this.#cursor) continue;
      this.#ended.add(revocation.sessionId);
      const left = Math.max(tokenLifetime, revocation.until - clock());
      this.#list.push({ ...revocation, steadyUntil: steady() + left });
      this.#cursor = revocation.number;
    }
    // An earlier reading that takes longer knows less.
    if (reading > this.#lastReading) {
      this.#lastReading = reading;
      this.#incomplete = incomplete;
    }
    if (this.#cursor > before) for (const listener of this.#listeners) listener();
  }

  /**
   * Forgets sessions of which no token can be valid any more: by the time that deletions follow, by this process's
   * clock and by elapsed time. No step of one clock brings a token back.
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

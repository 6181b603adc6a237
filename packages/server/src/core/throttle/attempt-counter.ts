/** At most `limit` failures per fixed window. The first failure starts the window. */
export interface Rule {
  readonly limit: number;
  readonly windowMs: number;
}

/** The operations with a counter of their own: a flood of one never displaces the counts of another. */
export type CountedOperation = "login" | "refresh" | "assertion" | "reset" | "sign_up" | "link";

/** A rule and the key that it applies to. */
export interface CountedLimit {
  readonly key: string;
  readonly rule: Rule;
}

export type Reservation =
  | { readonly admitted: true }
  | {
      readonly admitted: false;
      readonly retryAfterMs: number;
      /** Whether failures alone use up the limit, without the attempts that are still open. */
      readonly exhausted: boolean;
    };

/** Counts attempts under keys. A reservation is settled once the outcome of the attempt is known. */
export interface AttemptCounter {
  /**
   * Reserves one attempt under every key, or under none if one of them is full. Concurrent reservations never exceed a
   * limit.
   *
   * @returns one reservation per limit, in order
   */
  reserve(limits: readonly CountedLimit[]): Promise<Reservation[]>;
  /**
   * Releases the reservations of an attempt. A failed one counts as a failure under each key.
   *
   * @returns how long the limit stays closed, in milliseconds, if concurrent failures used it up before this one
   */
  settle(limits: readonly CountedLimit[], failed: boolean): Promise<number | undefined>;
  /** Notes a refused attempt. @returns whether it is the first since the limit was reached */
  turnAway(key: string): Promise<boolean>;
  /** Forgets the failures of a key, and of every key that continues it after a space. */
  forget(key: string): Promise<void>;
  /** Deletes expired counts. */
  prune(): Promise<void>;
}

/** The wait while attempts are still open, in milliseconds: they may succeed, and then there is room at once. */
export const soonMs = 1000;

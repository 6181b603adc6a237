/** So many failures are let through within a window that the first of them opens. */
export interface Rule {
  readonly limit: number;
  readonly windowMs: number;
}

/** A rule and whom it is applied to. */
export interface CountedLimit {
  readonly key: string;
  readonly rule: Rule;
}

export type Reservation =
  | { readonly admitted: true }
  | {
      readonly admitted: false;
      readonly retryAfterMs: number;
      /** Whether the limit is used up by failures, and not just by attempts whose outcome is open. */
      readonly exhausted: boolean;
    };

/** Counts attempts under keys. A reservation is settled once it is known how the attempt went. */
export interface AttemptCounter {
  /**
   * Takes a place under every key, or under none if one of them has no room. Of attempts at the same moment no more take
   * a place than there are.
   *
   * @returns for each limit, in order, whether there is room as far as it was looked at
   */
  reserve(limits: readonly CountedLimit[]): Promise<Reservation[]>;
  /**
   * Gives back what was reserved, and counts a failure.
   *
   * @returns for how long nobody is let in, in milliseconds, where others failed meanwhile and this failure is one
   * too many
   */
  settle(limits: readonly CountedLimit[], failed: boolean): Promise<number | undefined>;
  /** Notes that somebody was turned away. @returns whether that is the first since the limit was reached */
  turnAway(key: string): Promise<boolean>;
  /** Forgets what has expired. */
  prune(): Promise<void>;
}

/** When to come back where attempts are still open: they may well succeed, and then there is room at once. */
export const soonMs = 1000;

/** Whether a guard can check tokens, and the state of its keys and ended sessions. */
export interface GuardHealth {
  /** Whether a good token is accepted. False without keys or, with `whenStale: "refuse"`, without revocations. */
  readonly ok: boolean;
  readonly keys: KeysHealth;
  readonly revocations: RevocationsHealth;
}

/** The state of the issuer's keys. */
export interface KeysHealth {
  /**
   * `given`: the program passed a source of its own. `fresh`: the last read succeeded, within 20 minutes. `old`: a
   * later read failed or is overdue, and the keys still count. `none`: never read, or older than `keysMaxAge`.
   */
  readonly state: "given" | "fresh" | "old" | "none";
  /** Time of the last successful read, in milliseconds since the epoch. */
  readonly fetchedAt: number | undefined;
  /** Number of keys. */
  readonly known: number;
  /** Why the last read failed, for a log or an operator. */
  readonly problem: string | undefined;
}

/** The state of the list of ended sessions. */
export interface RevocationsHealth {
  /**
   * `given`: the program passed a source of its own. `none`: the issuer has no feed, or it is not followed.
   * `following`: the whole list is known. `behind`: catching up, or connecting again. `lost`: silent for longer
   * than `staleAfter`.
   */
  readonly state: "given" | "none" | "following" | "behind" | "lost";
  /** The number of the last list entry that the guard has read. */
  readonly cursor: number;
  /** Milliseconds since the whole list was known; undefined if it never was, or does not fit. */
  readonly staleFor: number | undefined;
  /** Number of ended sessions in memory. */
  readonly known: number;
  /** Why the feed was lost; undefined while it is followed. */
  readonly problem: string | undefined;
}

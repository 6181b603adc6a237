/** Whether a guard can do its work, and what it stands on. */
export interface GuardHealth {
  /** Whether a good token is accepted now. False while keys or, with `whenStale: "refuse"`, revocations lack. */
  readonly ok: boolean;
  readonly keys: KeysHealth;
  readonly revocations: RevocationsHealth;
}

export interface KeysHealth {
  /**
   * `given`: the guard was made with its own. `fresh`: read lately. `old`: the last tries to read them failed
   * or none was made in time, and they still count. `none`: there are none, or they are too old to count.
   */
  readonly state: "given" | "fresh" | "old" | "none";
  /** When they were read, in milliseconds since the epoch. */
  readonly fetchedAt: number | undefined;
  /** How many there are. */
  readonly known: number;
  /** Why the last try to read them failed; for a log or an operator. */
  readonly problem: string | undefined;
}

export interface RevocationsHealth {
  /**
   * `given`: the guard was made with its own source. `none`: the issuer has no feed, or it is not followed.
   * `following`: all that the issuer knows is known here. `behind`: not caught up yet, or the connection is
   * being made again. `lost`: nothing was heard for longer than `staleAfter`.
   */
  readonly state: "given" | "none" | "following" | "behind" | "lost";
  /** How far the issuer's list of ended sessions was seen, by its own numbers. */
  readonly cursor: number;
  /** Milliseconds since all was known; undefined where it never was, or there is no room for it. */
  readonly staleFor: number | undefined;
  /** How many ended sessions are remembered. */
  readonly known: number;
  /** Why the feed was lost last; undefined while it is followed. */
  readonly problem: string | undefined;
}

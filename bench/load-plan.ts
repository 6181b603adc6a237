/** What a load generator sends. Requests are ready-made HTTP bytes as text. */
export type Traffic =
  /** Each connection sends the next request as soon as the last is answered. */
  | {
      readonly kind: "repeat";
      /** Taken in turn; connection number n begins with number n. */
      readonly requests: readonly string[];
      /** How long a connection rests after a 503, in milliseconds. */
      readonly restAfter503?: number;
    }
  /** Each connection refreshes its own session again and again, with the token of the last answer. */
  | { readonly kind: "refresh"; readonly tokens: readonly string[] }
  /** Requests leave at their time, answered or not: a slow server cannot slow the load down. */
  | { readonly kind: "paced"; readonly requests: readonly string[]; readonly perSecond: number };

export interface LoadPlan {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  readonly traffic: Traffic;
  /** The process whose processor time is counted meanwhile. */
  readonly watched: number;
}

export interface LoadReport {
  /** How many answers had each status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Processor time that the watched process used meanwhile, in seconds. */
  readonly watchedSeconds: number;
  /** Latency in milliseconds; of paced traffic from the time when the request should have left. */
  readonly p50: number;
  readonly p99: number;
  /** The last refresh token of each connection, for the next round. */
  readonly tokens: readonly string[];
}

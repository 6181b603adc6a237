/**
 * An event between a guard and a remote issuer. It contains no secret: no token, no guard key, no received body.
 * `reason` is for the log.
 */
export type GuardEvent =
  /**
   * The issuer's metadata names another issuer than the configured one, so its keys are not used. Sent once for
   * each name; `reason` names the `issuer` to configure.
   */
  | { readonly name: "issuer.mismatch"; readonly named: string; readonly reason: string }
  /**
   * A token of the issuer is for another audience than the guard's, so it was refused. Sent once for each audience,
   * and at most ten times; `reason` has both audiences.
   */
  | {
      readonly name: "audience.mismatch";
      /** The token's audiences, at most five. */
      readonly named: readonly string[];
      /** The guard's audiences, at most five. */
      readonly expected: readonly string[];
      readonly reason: string;
    }
  /** The issuer's keys were read. */
  | { readonly name: "keys.refreshed"; readonly known: number }
  /** The issuer's keys could not be read. Known keys count for `keysMaxAge`. */
  | { readonly name: "keys.unavailable"; readonly reason: string }
  /** The guard has the whole list of ended sessions and receives additions. */
  | { readonly name: "feed.followed"; readonly via: "stream" | "poll"; readonly cursor: number }
  /** The feed could not be reached, or broke off. Another try follows. */
  | { readonly name: "feed.lost"; readonly reason: string }
  /** The issuer refuses this guard: `guardKey` is missing or wrong. */
  | { readonly name: "feed.refused"; readonly status: 401 | 403 }
  /** The feed sent a malformed message. The connection was closed. */
  | { readonly name: "feed.malformed"; readonly reason: string }
  /** The feed was silent for longer than `staleAfter`: `whenStale` applies. Sent once until the feed is back. */
  | { readonly name: "feed.stale"; readonly whenStale: "refuse" | "ask" | "accept" }
  /** A session has ended. A program can close the connections that it opened. */
  | { readonly name: "session.ended"; readonly sessionId: string };

/** Sends an event to a listener. */
export type Emit = (event: GuardEvent) => void;

/** Sends events to a listener and ignores its errors. */
export function emitterOf(onEvent: Emit): Emit {
  return (event) => {
    try {
      onEvent(event);
    } catch {
      // A failing log must not refuse a token.
    }
  };
}

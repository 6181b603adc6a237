/**
 * What a guard that works with a remote issuer tells of itself. Nothing in it is a secret: no token, no key
 * of the guard, no body that was received. `reason` is for the log.
 */
export type GuardEvent =
  /**
   * The issuer calls itself by another name than this guard was given, so no key of it is used. Told once for each
   * name; `reason` says which `issuer` to write.
   */
  | { readonly name: "issuer.mismatch"; readonly named: string; readonly reason: string }
  /** The issuer's keys were read. */
  | { readonly name: "keys.refreshed"; readonly known: number }
  /** The issuer's keys could not be read. Those that are known go on for `keysMaxAge`. */
  | { readonly name: "keys.unavailable"; readonly reason: string }
  /** All that the issuer knows of ended sessions is known here, and what comes will be heard. */
  | { readonly name: "feed.followed"; readonly via: "stream" | "poll"; readonly cursor: number }
  /** The feed could not be reached, or broke off. Another try follows. */
  | { readonly name: "feed.lost"; readonly reason: string }
  /** The issuer does not let this guard follow: `guardKey` is missing or not one of its own. */
  | { readonly name: "feed.refused"; readonly status: 401 | 403 }
  /** The feed said something that nobody could mean. The connection was dropped. */
  | { readonly name: "feed.malformed"; readonly reason: string }
  /** Nothing was heard for longer than `staleAfter`: `whenStale` applies. Told once until the feed is back. */
  | { readonly name: "feed.stale"; readonly whenStale: "refuse" | "ask" | "accept" }
  /** A session has ended: for whoever has to close a connection that it opened. */
  | { readonly name: "session.ended"; readonly sessionId: string };

export type Emit = (event: GuardEvent) => void;

/** Tells a listener; one that throws is no reason to stop. */
export function emitterOf(onEvent: Emit): Emit {
  return (event) => {
    try {
      onEvent(event);
    } catch {
      // A log that fails must not decide who is let in.
    }
  };
}

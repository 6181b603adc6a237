import type { Emit, GuardEvent } from "./guard-events.ts";

/**
 * The listener of a guard without `onEvent`: one line on the console when every token is refused, with the
 * reason. The line is repeated only after the guard has worked in between. The first token for another audience
 * causes one line as well.
 */
export function consoleWarnings(): Emit {
  let mismatch = "";
  let feedProblem = "";
  const warned = new Set<string>();
  function warn(about: "keys" | "feed" | "audience", text: string): void {
    if (warned.has(about)) return;
    warned.add(about);
    // biome-ignore lint/suspicious/noConsole: without a listener, an operator looks at the console.
    console.warn(`@latchkey/guard: ${text}`);
  }
  return (event: GuardEvent) => {
    switch (event.name) {
      case "issuer.mismatch":
        mismatch = event.reason;
        warned.delete("keys");
        return warn("keys", `every token is refused: ${event.reason}`);
      case "audience.mismatch":
        return warn("audience", `a token is refused: ${event.reason}`);
      case "keys.unavailable":
        if (event.reason === mismatch) return;
        return warn("keys", `the issuer's keys could not be read: ${event.reason}`);
      case "keys.refreshed":
        mismatch = "";
        warned.delete("keys");
        return;
      case "feed.lost":
      case "feed.malformed":
        feedProblem = event.reason;
        return;
      case "feed.refused":
        return warn(
          "feed",
          `the issuer refuses this guard (${event.status}): set guardKey to one of its guard keys`,
        );
      case "feed.stale":
        return warn(
          "feed",
          `ended sessions could not be read, so whenStale "${event.whenStale}" applies: ${feedProblem}`,
        );
      case "feed.followed":
        warned.delete("feed");
    }
  };
}

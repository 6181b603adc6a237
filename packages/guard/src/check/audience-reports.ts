import type { Emit } from "../issuer/guard-events.ts";
import { printable } from "../support/printable.ts";

/** Reports a token of the issuer for another audience. `aud` is the token's claim, which can be anything. */
export type ReportAudience = (aud: unknown, accepted: readonly string[]) => void;

/** Bounds of the reports of one guard: different audiences, and values in one report. */
const most = { reports: 10, values: 5 };

/**
 * Makes a report that sends the event `audience.mismatch` once for each audience, and at most ten events. The event
 * has both audiences and no other part of the token.
 */
export function audienceReports(emit: Emit): ReportAudience {
  const reported = new Set<string>();
  return (aud, accepted) => {
    const named = shortened(Array.isArray(aud) ? aud : [aud]);
    const audience = quoted(named);
    if (reported.size >= most.reports || reported.has(audience)) return;
    reported.add(audience);
    const expected = shortened(accepted);
    const cure =
      named.length === 0
        ? "set authorizedParty if this issuer sends no aud"
        : `if it is meant for this API, set audience: "${named[0]}"`;
    const reason = `audience: a token is for ${audience}, and this guard accepts ${quoted(expected)}: ${cure}`;
    emit({ name: "audience.mismatch", named, expected, reason });
  };
}

function shortened(values: readonly unknown[]): string[] {
  return values
    .slice(0, most.values)
    .filter((value) => typeof value === "string")
    .map(printable);
}

function quoted(values: readonly string[]): string {
  return values.length === 0 ? "no audience" : values.map((value) => `"${value}"`).join(", ");
}

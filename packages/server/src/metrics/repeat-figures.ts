import type { AuditEvent } from "../core/audit-events.ts";
import type { Family } from "./exposition.ts";

/** Counts refresh tokens that were repeated within the grace, from durable audit events. */
export class RepeatFigures {
  readonly #counts = { same_address: 0, other_address: 0 };

  note({ name, reason }: Pick<AuditEvent, "name" | "reason">): void {
    if (name !== "refresh.repeated") return;
    if (reason === "same_address" || reason === "other_address") this.#counts[reason]++;
  }

  families(): Family[] {
    return [
      {
        name: "latchkey_refresh_repeats_total",
        type: "counter",
        help: "Refresh tokens that were repeated within the grace, by the address of the repeat",
        samples: Object.entries(this.#counts).map(([origin, value]) => ({ labels: { origin }, value })),
      },
    ];
  }
}

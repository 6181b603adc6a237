import type { AuditEvent } from "../core/audit-events.ts";
import type { Family } from "./exposition.ts";

/** The outcome of a story: `refused` is the caller's fault. A failure of the server counts as neither. */
export type StoryOutcome = "ok" | "refused";

/** Fetches of client documents by outcome. `stale` counts those that an older copy replaced. */
export type FetchCounts = Readonly<Record<"ok" | "stale" | "failed" | "refused", number>>;

const noFetches: FetchCounts = { ok: 0, stale: 0, failed: 0, refused: 0 };

/** Counts the work of the authorization server. Registrations and fetches leave no audit event. */
export class OAuthMetrics {
  readonly #registrations: Record<StoryOutcome, number> = { ok: 0, refused: 0 };
  readonly #redemptions: Record<StoryOutcome, number> = { ok: 0, refused: 0 };
  readonly #authorizations = { granted: 0, denied: 0 };
  #replays = 0;

  registered(outcome: StoryOutcome): void {
    this.#registrations[outcome]++;
  }

  redeemed(outcome: StoryOutcome): void {
    this.#redemptions[outcome]++;
  }

  /** Counts a durable audit event. */
  note({ name }: Pick<AuditEvent, "name">): void {
    if (name === "authorization.granted") this.#authorizations.granted++;
    if (name === "authorization.denied") this.#authorizations.denied++;
    if (name === "authorization.replayed") this.#replays++;
  }

  /** @param fetches Default: the server reads no client documents */
  families(fetches: FetchCounts = noFetches): Family[] {
    return [
      counter("registrations", "Registrations of OAuth clients, by outcome", this.#registrations),
      counter("client_document_fetches", "Fetches of client documents, by outcome", fetches),
      counter("authorizations", "Decisions of people on the sign-in page", this.#authorizations),
      counter("redemptions", "Codes that clients traded for tokens, by outcome", this.#redemptions),
      {
        name: "latchkey_oauth_code_replays_total",
        type: "counter",
        help: "Used codes that came back and ended their session",
        samples: [{ value: this.#replays }],
      },
    ];
  }
}

function counter(name: string, help: string, counts: Readonly<Record<string, number>>): Family {
  const samples = Object.entries(counts).map(([outcome, value]) => ({ labels: { outcome }, value }));
  return { name: `latchkey_oauth_${name}_total`, type: "counter", help, samples };
}

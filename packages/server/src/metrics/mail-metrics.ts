import { type MailKind, type MailOutcome, mailOutcomes, sentKinds } from "../core/mail/mail-kinds.ts";
import type { Family } from "./exposition.ts";

/** Counts the tries of mails. */
export class MailMetrics {
  readonly #counts = new Map<string, { readonly labels: Record<string, string>; value: number }>();

  constructor() {
    // Prometheus sees no increase in a series that begins with 1.
    for (const kind of sentKinds) for (const outcome of mailOutcomes) this.#add(kind, outcome, 0);
  }

  note(kind: MailKind, outcome: MailOutcome): void {
    this.#add(kind, outcome, 1);
  }

  #add(kind: MailKind, outcome: MailOutcome, more: number): void {
    const key = `${kind} ${outcome}`;
    const count = this.#counts.get(key) ?? { labels: { kind, outcome }, value: 0 };
    count.value += more;
    this.#counts.set(key, count);
  }

  /** @param waiting mails in the outbox. Undefined if the database does not answer */
  families(waiting: number | undefined): Family[] {
    return [
      {
        name: "latchkey_mails_total",
        type: "counter",
        help: "Tries of mails, by kind and outcome",
        samples: [...this.#counts.values()],
      },
      {
        name: "latchkey_outbox_waiting",
        type: "gauge",
        help: "Mails that wait to be sent, of all replicas",
        samples: waiting === undefined ? [] : [{ value: waiting }],
      },
    ];
  }
}

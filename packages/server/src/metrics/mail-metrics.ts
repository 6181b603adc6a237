import type { MailKind } from "../core/mail/mail-kinds.ts";
import type { Family } from "./exposition.ts";

/** Counts the tries of mails. */
export class MailMetrics {
  readonly #counts = new Map<string, { readonly labels: Record<string, string>; value: number }>();

  note(kind: MailKind, outcome: string): void {
    const key = `${kind} ${outcome}`;
    const count = this.#counts.get(key) ?? { labels: { kind, outcome }, value: 0 };
    count.value++;
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

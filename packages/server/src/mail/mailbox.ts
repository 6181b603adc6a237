import type { Clock } from "../core/clock.ts";
import type { KeptMail, MailboxReading } from "../core/mail/kept-mail.ts";
import type { OutgoingMail, Transport } from "./transport.ts";

/** Older mails are dropped. Each takes some 6 KB of memory. */
const mostMails = 100;

/** The mails of a development server, in memory. */
export class Mailbox implements Transport, MailboxReading {
  readonly #clock: Clock;
  #mails: readonly KeptMail[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async send(mail: OutgoingMail): Promise<string> {
    this.#mails = [{ ...mail, at: this.#clock() }, ...this.#mails].slice(0, mostMails);
    return "kept in memory";
  }

  get mails(): readonly KeptMail[] {
    return this.#mails;
  }
}

import { eventOf, serverActor } from "../core/audit-events.ts";
import { type MailKind, type MailOutcome, sentKinds } from "../core/mail/mail-kinds.ts";
import type { AnswerRequest, ClaimedRow, Outbox, UnreadableMail, WaitingMail } from "../core/mail/outbox.ts";
import type { Log } from "../log.ts";
import { isAbandoned, nextTry, outdated } from "./retries.ts";
import type { SentContent } from "./texts/texts.ts";
import { SendFailure } from "./transport.ts";

/** The parts of the mail job. */
export interface MailJobParts {
  readonly outbox: Outbox;
  /** The clock that the processes of one outbox share, in milliseconds since the epoch. */
  readonly now: () => Promise<number>;
  /** @throws {SendFailure} */
  readonly deliver: (mail: WaitingMail, content: SentContent, signal: AbortSignal) => Promise<void>;
  readonly answerRequest: AnswerRequest;
  readonly counted: (kind: MailKind, outcome: MailOutcome) => void;
  readonly log: Log;
  /** Between 0 and 1. Default: `Math.random` */
  readonly random?: () => number;
}

/** Mails on their way at once. */
const mostAtOnce = 4;

/** Longest delivery, in milliseconds: a server that drips its answers ends here. */
const deliveryTimeout = 60_000;

/** Milliseconds. A delivery always ends before its lease, so no other process sends the same mail meanwhile. */
const lease = 2 * deliveryTimeout;

/** How long a closing server waits for the mails on their way, in milliseconds. */
const closingTimeout = 10_000;

/**
 * Sends the mails of the outbox, a few at once. A mail is deleted when its receiver has accepted it. The same mail goes
 * out again only if this process ends between the acceptance and the deletion: then its `Message-ID` is the same.
 */
export class MailJob {
  readonly #parts: MailJobParts;
  readonly #underWay = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  /** Accepted mails that are not deleted yet, because the database did not answer. They never go out again. */
  readonly #accepted = new Map<string, WaitingMail>();
  #isStopping = false;
  #reading: Promise<void> | undefined;
  #isDue = false;
  #isFailing = false;

  constructor(parts: MailJobParts) {
    this.#parts = parts;
  }

  /** Begins to send what is due. Resolves when no further mail can begin now. */
  run(): Promise<void> {
    this.#isDue = true;
    this.#reading ??= this.#begin().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** The same, for a caller that does not wait. A failure is left to the next run. */
  wake(): void {
    this.run().catch(() => {});
  }

  /** Begins no further mail. Resolves after those under way, or after ten seconds: then they are sent again later. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const timer = setTimeout(() => this.#closing.abort(), closingTimeout);
    await this.#reading?.catch(() => {});
    await Promise.all(this.#underWay);
    clearTimeout(timer);
  }

  async #begin(): Promise<void> {
    const { outbox, now } = this.#parts;
    for (const mail of this.#accepted.values()) await this.#settle(mail);
    while (this.#isDue && !this.#isStopping) {
      this.#isDue = false;
      const most = mostAtOnce - this.#underWay.size;
      if (most <= 0) return;
      const { mails, unreadable } = await outbox.claim({ at: await now(), lease, most });
      for (const mail of mails) this.#start(mail);
      for (const mail of unreadable) await this.#passOver(mail);
      // They took the places of others that may be due.
      if (unreadable.length > 0) this.#isDue = true;
    }
  }

  #start(mail: WaitingMail): void {
    const work: Promise<void> = this.#send(mail).finally(() => {
      this.#underWay.delete(work);
      this.wake();
    });
    this.#underWay.add(work);
  }

  /** Leaves a mail to a newer replica, which can claim it after the lease. The last version that sees it gives it up. */
  async #passOver(mail: UnreadableMail): Promise<void> {
    const { now, log, counted } = this.#parts;
    if (!isAbandoned(mail, await now())) return;
    if (!(await this.#delete(mail, "expired"))) return;
    const kind = sentKinds.find((one) => one === mail.kind);
    if (kind !== undefined) counted(kind, "expired");
    log.warn({ kind: mail.kind }, "a mail was given up: this version of Latchkey cannot read it");
  }

  /** Never rejects. A mail that cannot be settled is claimed again after the lease. */
  async #send(mail: WaitingMail): Promise<void> {
    const { log } = this.#parts;
    try {
      await this.#attempt(mail);
    } catch (error) {
      log.warn({ err: error, kind: mail.content.kind }, "a mail stays in the outbox; it will be tried again");
    }
  }

  async #attempt(mail: WaitingMail): Promise<void> {
    const { now, deliver, answerRequest, counted } = this.#parts;
    const { content } = mail;
    if (this.#accepted.has(mail.id)) return this.#settle(mail);
    if (outdated(mail, await now())) return this.#giveUp(mail, "expired");
    if (content.kind === "reset_request") return answerRequest(mail, content.typedName);
    try {
      await deliver(
        mail,
        content,
        AbortSignal.any([this.#closing.signal, AbortSignal.timeout(deliveryTimeout)]),
      );
    } catch (error) {
      if (!(error instanceof SendFailure)) throw error;
      return this.#failed(mail, error);
    }
    counted(content.kind, "sent");
    this.#note(undefined, mail);
    this.#accepted.set(mail.id, mail);
    await this.#settle(mail);
  }

  /** Deletes an accepted mail. If the database does not answer, the next run does. */
  async #settle(mail: WaitingMail): Promise<void> {
    await this.#parts.outbox.settle(mail);
    this.#accepted.delete(mail.id);
  }

  async #failed(mail: WaitingMail, failure: SendFailure): Promise<void> {
    const { outbox, now, counted, random = Math.random } = this.#parts;
    this.#note(failure, mail);
    if (failure.isFinal) return this.#giveUp(mail, "rejected");
    const at = await now();
    const next = nextTry(mail, at, random());
    if (next === undefined) return this.#giveUp(mail, "expired");
    counted(mail.content.kind, "deferred");
    await outbox.retry(mail, next);
  }

  async #giveUp(mail: WaitingMail, reason: "rejected" | "expired"): Promise<void> {
    if (await this.#delete(mail, reason)) this.#parts.counted(mail.content.kind, reason);
  }

  /** @returns false if another process claimed the mail meanwhile */
  async #delete(mail: ClaimedRow, reason: "rejected" | "expired"): Promise<boolean> {
    const about = { reason, ...(mail.userId !== null && { subject: mail.userId }) };
    const event = eventOf("mail.failed", await this.#parts.now(), serverActor, about);
    return this.#parts.outbox.giveUp(mail, event);
  }

  /** Logs the first failure of a row, and the first success after it. A final failure says nothing about the server. */
  #note(failure: SendFailure | undefined, { attempts, content: { kind } }: WaitingMail): void {
    const { log } = this.#parts;
    if (failure?.isFinal) {
      log.warn({ kind, reason: failure.summary }, "a mail was rejected");
      return;
    }
    const isFailing = failure !== undefined;
    if (isFailing && !this.#isFailing)
      log.warn({ kind, attempts, reason: failure.summary }, "mails cannot be sent; they will be tried again");
    if (!isFailing && this.#isFailing) log.info("mails are sent again");
    this.#isFailing = isFailing;
  }
}

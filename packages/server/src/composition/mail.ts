import { mailWay } from "../config/mail-way.ts";
import { siteOf } from "../config/site.ts";
import type { Clock } from "../core/clock.ts";
import { atFirstUse } from "../core/first-use.ts";
import type { LinkMails } from "../core/people/self-service.ts";
import type { MailJob } from "../mail/mail-job.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import type { MailMetrics } from "../metrics/mail-metrics.ts";
import type { Foundation } from "./keys.ts";

/** The parts that the sending of mails is composed with. */
export interface MailComposition extends Foundation {
  /** Undefined for the users of a realm. */
  readonly openLinks: (() => Promise<LinkMails>) | undefined;
  readonly mailMetrics: MailMetrics;
  /** The clock of a shared database, in milliseconds since the epoch. Undefined for a database of one process. */
  readonly databaseTime: (() => Promise<number>) | undefined;
}

/** The parts that send mails. */
export interface Mail {
  readonly job: MailJob;
  /** The mails of a development server. Undefined if they are sent. */
  readonly mailbox: Mailbox | undefined;
}

/** Composes the mail job. Its transport and its texts are loaded for the first mail. Undefined if no way is set. */
export async function composeMail({
  config,
  issuer,
  store,
  clock,
  log,
  openLinks,
  mailMetrics,
  databaseTime,
}: MailComposition): Promise<Mail | undefined> {
  const way = mailWay(config);
  if (way === undefined || openLinks === undefined) return undefined;
  const { MailJob } = await import("../mail/mail-job.ts");
  const mailbox = way.kind === "mailbox" ? await openMailbox(clock) : undefined;
  const open = atFirstUse(async () => {
    const { openDelivery } = await import("../mail/delivery.ts");
    return openDelivery({
      way,
      mailbox,
      site: siteOf(config, issuer),
      issuer,
      clock,
      linkAddress: (await openLinks()).linkAddress,
    });
  });
  const job = new MailJob({
    outbox: store.outbox,
    now: databaseTime ?? (async () => clock()),
    deliver: async (mail, content, signal) => {
      const deliver = await open();
      await deliver(mail, content, signal);
    },
    answerRequest: async (...given) => (await openLinks()).answerRequest(...given),
    counted: (kind, outcome) => mailMetrics.note(kind, outcome),
    log,
  });
  return { job, mailbox };
}

async function openMailbox(clock: Clock): Promise<Mailbox> {
  const { Mailbox } = await import("../mail/mailbox.ts");
  return new Mailbox(clock);
}

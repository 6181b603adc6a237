import { mailWay } from "../config/mail-way.ts";
import { siteOf } from "../config/site.ts";
import { atFirstUse } from "../core/first-use.ts";
import type { LinkMails } from "../core/people/self-service.ts";
import { MailJob } from "../mail/mail-job.ts";
import { Mailbox } from "../mail/mailbox.ts";
import type { MailMetrics } from "../metrics/mail-metrics.ts";
import type { Foundation } from "./keys.ts";

/** The parts that the sending of mails is composed with. */
export interface MailComposition extends Foundation {
  /** Undefined for the users of a realm. */
  readonly links: LinkMails | undefined;
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
export function composeMail({
  config,
  issuer,
  store,
  clock,
  log,
  links,
  mailMetrics,
  databaseTime,
}: MailComposition): Mail | undefined {
  const way = mailWay(config);
  if (way === undefined || links === undefined) return undefined;
  const mailbox = way.kind === "mailbox" ? new Mailbox(clock) : undefined;
  const open = atFirstUse(async () => {
    const { openDelivery } = await import("../mail/delivery.ts");
    return openDelivery({
      way,
      mailbox,
      site: siteOf(config, issuer),
      issuer,
      clock,
      linkAddress: links.linkAddress,
    });
  });
  const job = new MailJob({
    outbox: store.outbox,
    now: databaseTime ?? (async () => clock()),
    deliver: async (mail, content, signal) => {
      const deliver = await open();
      await deliver(mail, content, signal);
    },
    answerRequest: links.answerRequest,
    counted: (kind, outcome) => mailMetrics.note(kind, outcome),
    log,
  });
  return { job, mailbox };
}

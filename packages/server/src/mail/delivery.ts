import type { MailWay } from "../config/mail-way.ts";
import type { Clock } from "../core/clock.ts";
import type { LinkAddress, NewMail } from "../core/mail/outbox.ts";
import type { Site } from "../core/site.ts";
import { renderMail } from "./rendered-mail.ts";
import type { SentContent } from "./texts/texts.ts";
import { SendFailure, type Transport } from "./transport.ts";

/** The parts of the delivery of one mail. */
export interface DeliveryParts {
  readonly way: MailWay;
  /** Takes the mails of the way `mailbox`. */
  readonly mailbox: Transport | undefined;
  readonly site: Site;
  readonly issuer: string;
  readonly clock: Clock;
  readonly linkAddress: LinkAddress;
}

/** A mail to deliver. Its id is part of its `Message-ID`. */
export type Deliverable = Pick<NewMail, "recipient" | "linkId" | "language"> & { readonly id: string };

/** Delivers a mail. @returns the receiver's answer; the promise rejects with {SendFailure} */
export type Deliver = (mail: Deliverable, content: SentContent, signal: AbortSignal) => Promise<string>;

/** Opens the way of mails: from a row of the outbox to its receiver. */
export async function openDelivery(parts: DeliveryParts): Promise<Deliver> {
  const transport = await openTransport(parts);
  const { site, linkAddress } = parts;
  return async ({ id, recipient, linkId, language }, content, signal) => {
    const { kind } = content;
    try {
      // A row that cannot be rendered fails as one that cannot be sent: otherwise it would never be given up.
      const link = linkId !== null && isLinked(kind) ? linkAddress(kind, linkId) : undefined;
      const rendered = await renderMail(content, { language, site, link });
      return await transport.send({ ...rendered, id, kind, recipient }, signal);
    } catch (error) {
      throw error instanceof SendFailure ? error : unexpected(error);
    }
  };
}

async function openTransport({ way, mailbox, site, issuer, clock }: DeliveryParts): Promise<Transport> {
  switch (way.kind) {
    case "smtp": {
      const { smtpTransport } = await import("./smtp.ts");
      const { hostname } = new URL(issuer);
      return smtpTransport({ server: way.server, from: way.from, siteName: site.name, host: hostname });
    }
    case "webhook": {
      const { webhookTransport } = await import("./webhook.ts");
      return webhookTransport({ url: way.url, secret: way.secret, from: way.from?.address, clock });
    }
    case "mailbox":
      if (mailbox === undefined) throw new Error("the mailbox is not open");
      return mailbox;
  }
}

function isLinked(kind: SentContent["kind"]): kind is Parameters<LinkAddress>[0] {
  return ["reset", "verify", "change_email", "invitation", "sign_up"].includes(kind);
}

/** A fault of this program. The mail is tried again, so that an upgrade can send it. */
function unexpected(error: unknown): SendFailure {
  const name = error instanceof Error ? error.name : "error";
  return new SendFailure(String(error), { isFinal: false, summary: name, cause: error });
}

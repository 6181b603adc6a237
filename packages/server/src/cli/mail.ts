import { randomBytes } from "node:crypto";
import { mailWay } from "../config/mail-way.ts";
import { siteOf } from "../config/site.ts";
import { emailProblem } from "../core/passwords/account-names.ts";
import { openDelivery } from "../mail/delivery.ts";
import { SendFailure } from "../mail/transport.ts";
import { print } from "../terminal.ts";
import type { Given } from "./command.ts";
import { CommandProblem, UsageProblem } from "./failures.ts";

/** Longest wait for the mail server, in milliseconds. */
const timeout = 60_000;

/** `latchkey mail test`: sends one mail at once, past the outbox. */
export async function testMail({ config, words: [address = ""] }: Given<never>): Promise<void> {
  const problem = emailProblem(address);
  if (problem !== undefined) throw new UsageProblem(`${address}: ${problem}`);
  const way = mailWay(config);
  if (way === undefined) {
    throw new CommandProblem(
      "no way to send mails is set: set LATCHKEY_SMTP_URL and LATCHKEY_MAIL_FROM, or LATCHKEY_MAIL_WEBHOOK_URL",
    );
  }
  if (way.kind === "mailbox") {
    throw new CommandProblem(
      "LATCHKEY_MAILBOX=on keeps mails in the memory of the server: set LATCHKEY_SMTP_URL to send them",
    );
  }
  const issuer = config.issuer ?? "http://localhost";
  const deliver = await openDelivery({
    ...{ way, issuer, clock: Date.now, site: siteOf(config, issuer) },
    mailbox: undefined,
    linkAddress: () => issuer,
  });
  const mail = {
    id: randomBytes(16).toString("base64url"),
    recipient: address,
    linkId: null,
    language: config.mailLanguage,
  };
  try {
    print(`accepted: ${await deliver(mail, { kind: "test" }, AbortSignal.timeout(timeout))}`);
  } catch (error) {
    if (!(error instanceof SendFailure)) throw error;
    throw new CommandProblem(`not sent: ${error.message}`);
  }
}

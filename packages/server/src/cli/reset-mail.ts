import type { Config } from "../config/config.ts";
import { mailWay } from "../config/mail-way.ts";
import { LatchkeyError } from "../core/errors.ts";
import { isAtLocalhost } from "../core/mail/local-address.ts";
import { newLinkId } from "../core/people/link-tokens.ts";
import { createSelfServiceLimits } from "../core/people/self-service-limits.ts";
import { createSendReset } from "../core/people/send-reset.ts";
import type { UserRecord } from "../core/people/users.ts";
import type { Store } from "../store/store.ts";
import { print } from "../terminal.ts";
import { CommandProblem } from "./failures.ts";
import { byOperator } from "./user-access.ts";

/** Whether the server sends mails, by the settings of this command. */
export function sendsMails(config: Config): boolean {
  return mailWay(config) !== undefined;
}

/** @throws {CommandProblem} without mail: a link would never arrive */
export function assertMail(config: Config): void {
  if (!sendsMails(config))
    throw new CommandProblem(
      "no mails are sent: set LATCHKEY_SMTP_URL or LATCHKEY_MAIL_WEBHOOK_URL for this command and for the server",
    );
}

/** Leaves a mail with a reset link to the server, which looks into its outbox every five seconds. */
export async function sendResetMail(config: Config, store: Store, user: UserRecord): Promise<void> {
  if (!user.active)
    throw new CommandProblem(
      `${user.username} is disabled, so a link would not work: \`latchkey user enable\` comes first`,
    );
  const linkTokens = { newId: newLinkId };
  const { users, links } = store;
  const limits = createSelfServiceLimits(store.attemptCounters(() => performance.now()));
  const sendReset = createSendReset({ users, links, limits, linkTokens, clock: Date.now });
  await sendReset(user.id, byOperator, config.mailLanguage).catch((error: unknown) => {
    throw error instanceof LatchkeyError && error.code === "rate_limited" ? tooManyMails(user, error) : error;
  });
  print(`a link to choose a password goes to ${user.email}; it works once, for 30 minutes`);
  if (isAtLocalhost(user.email))
    print(
      `no mail server of another machine takes mails for localhost: \`latchkey user set ${user.username} --email ADDRESS\` sets another address`,
    );
}

function tooManyMails({ email }: UserRecord, { retryAfter = 0 }: LatchkeyError): CommandProblem {
  const minutes = Math.ceil(retryAfter / 60);
  return new CommandProblem(`${email} got five such mails within an hour: try again in ${minutes} minutes`);
}

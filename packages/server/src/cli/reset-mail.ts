import type { Config } from "../config/config.ts";
import { mailWay } from "../config/mail-way.ts";
import { operator } from "../core/audit-events.ts";
import { isAtLocalhost } from "../core/mail/local-address.ts";
import { newLinkId } from "../core/people/link-tokens.ts";
import { createSendReset } from "../core/people/send-reset.ts";
import type { UserRecord } from "../core/people/users.ts";
import type { Store } from "../store/store.ts";
import { print } from "../terminal.ts";
import { CommandProblem } from "./failures.ts";

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
  const sendReset = createSendReset({ users: store.users, links: store.links, linkTokens, clock: Date.now });
  await sendReset(user.id, operator, config.mailLanguage);
  print(`a link to choose a password goes to ${user.email}; it works once, for 30 minutes`);
  if (isAtLocalhost(user.email))
    print(
      `no mail server of another machine takes mails for localhost: \`latchkey user set ${user.username} --email ADDRESS\` sets another address`,
    );
}

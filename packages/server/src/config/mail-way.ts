import type { Sender, SmtpServer } from "./mail-values.ts";
import { SettingProblem } from "./setting-text.ts";

/** The way that mails leave the server. */
export type MailWay =
  | { readonly kind: "smtp"; readonly server: SmtpServer; readonly from: Sender }
  | {
      readonly kind: "webhook";
      readonly url: string;
      readonly secret: Buffer;
      readonly from: Sender | undefined;
    }
  /** Mails stay in the memory of the process, and `/mailbox` shows them. */
  | { readonly kind: "mailbox"; readonly from: Sender | undefined };

/** The settings that choose the way. */
interface MailSettings {
  readonly smtpUrl: SmtpServer | undefined;
  readonly mailFrom: Sender | undefined;
  readonly mailWebhookUrl: string | undefined;
  readonly mailWebhookSecret: Buffer | undefined;
  readonly mailbox: "on" | "off";
  readonly provider: "local" | "keycloak";
}

/**
 * The way that the settings choose. Undefined: the server sends no mails, so it offers nothing that needs one.
 *
 * @throws {SettingProblem} for two ways, and for a way without its other setting
 */
export function mailWay({
  smtpUrl,
  mailFrom,
  mailWebhookUrl,
  mailWebhookSecret,
  mailbox,
  provider,
}: MailSettings): MailWay | undefined {
  const chosen = [
    ...(smtpUrl === undefined ? [] : ["LATCHKEY_SMTP_URL"]),
    ...(mailWebhookUrl === undefined ? [] : ["LATCHKEY_MAIL_WEBHOOK_URL"]),
    ...(mailbox === "on" ? ["LATCHKEY_MAILBOX"] : []),
  ];
  if (chosen.length > 1)
    throw new SettingProblem(`${chosen.join(" and ")} exclude each other: mails leave one way, so keep one`);
  if (chosen.length > 0 && provider === "keycloak")
    throw new SettingProblem(
      `${chosen.join("")} must not be set with LATCHKEY_PROVIDER=keycloak: Keycloak sends the mails of its users`,
    );
  if (smtpUrl !== undefined) {
    if (mailFrom === undefined)
      throw new SettingProblem(
        "LATCHKEY_MAIL_FROM must be set with LATCHKEY_SMTP_URL: the address that mails come from",
      );
    return { kind: "smtp", server: smtpUrl, from: mailFrom };
  }
  if ((mailWebhookUrl === undefined) !== (mailWebhookSecret === undefined))
    throw new SettingProblem(
      "LATCHKEY_MAIL_WEBHOOK_URL and LATCHKEY_MAIL_WEBHOOK_SECRET must be set together",
    );
  if (mailWebhookUrl !== undefined && mailWebhookSecret !== undefined)
    return { kind: "webhook", url: mailWebhookUrl, secret: mailWebhookSecret, from: mailFrom };
  return mailbox === "on" ? { kind: "mailbox", from: mailFrom } : undefined;
}

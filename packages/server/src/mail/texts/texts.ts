import type { MailContent, MailKind } from "../../core/mail/mail-kinds.ts";

/** The kinds that are sent. The mail job replaces a request by another mail. */
export type SentKind = Exclude<MailKind, "reset_request">;

/** The content of a mail that is sent. */
export type SentContent = Extract<MailContent, { kind: SentKind }>;

/** The sentences of one mail, as plain text. */
export interface MailText {
  readonly subject: string;
  /** The event, or the effect of the link. */
  readonly lead: readonly string[];
  /** The label of the link; its lifetime. Undefined for a mail without a link. */
  readonly action?: { readonly label: string; readonly lifetime: string };
  /** The advice for an unexpected mail. */
  readonly otherwise: string;
  /** The reason why it was sent. */
  readonly reason: string;
}

/** The texts in one language. `site` is the operator's name. Times are in UTC, such as `2026-01-31 09:30 UTC`. */
export type MailTexts = {
  readonly [Kind in SentKind]: (
    site: string,
    facts: Omit<Extract<SentContent, { kind: Kind }>, "kind" | "at"> & { readonly time: string },
  ) => MailText;
};

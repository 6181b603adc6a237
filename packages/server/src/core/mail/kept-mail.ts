import type { MailKind } from "./mail-kinds.ts";

/** A mail that a development server keeps in memory instead of sending it. */
export interface KeptMail {
  readonly id: string;
  readonly kind: MailKind;
  readonly recipient: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The kept mails, newest first. */
export interface MailboxReading {
  readonly mails: readonly KeptMail[];
}

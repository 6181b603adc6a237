import type { AuditEvent } from "../audit-events.ts";
import type { LinkedKind, MailContent, MailLanguage } from "./mail-kinds.ts";

/** A mail that a change writes into the outbox, in the same commit. */
export interface NewMail {
  readonly content: MailContent;
  /** The address it goes to. For a `reset_request` the empty text: the job finds it. */
  readonly recipient: string;
  readonly userId: string | null;
  /** The id of the link in it; null for a mail without one. */
  readonly linkId: string | null;
  readonly language: MailLanguage;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** A row that waits, claimed by this process until the lease ends. */
export interface ClaimedRow extends Omit<NewMail, "content" | "language"> {
  /** 128 random bits in base64url. The `Message-ID` is made of it, so a mail that is sent again can be recognised. */
  readonly id: string;
  /** Tries so far, this one included. */
  readonly attempts: number;
  /** The claim: random text of one process and one reading. */
  readonly claimedBy: string;
}

/** A claimed mail. */
export interface WaitingMail extends ClaimedRow, NewMail {}

/** A claimed row that this version cannot read. Usually a newer replica wrote it, and can send it. */
export interface UnreadableMail extends ClaimedRow {
  readonly kind: string;
}

/** The mails of one claim. */
export interface ClaimedMails {
  /** Oldest first. */
  readonly mails: readonly WaitingMail[];
  readonly unreadable: readonly UnreadableMail[];
}

/** A mail is given up after this time, in milliseconds. */
export const longestWait = 24 * 3_600_000;

/** A claim on the next mails. */
export interface Claim {
  readonly at: number;
  /** Milliseconds. Until then no other process sends these mails. */
  readonly lease: number;
  readonly most: number;
}

/** The mails that are not sent yet. A method that names a claimed mail does nothing after another process claimed it. */
export interface Outbox {
  /**
   * Takes the request of a stranger, by one insert whatever the account.
   *
   * @throws {LatchkeyError} `overloaded` if 10,000 mails wait
   */
  request(mail: NewMail, events: readonly AuditEvent[]): Promise<void>;
  /**
   * Claims the oldest mails that are due. Each process gets others. A mail of a kind or language that this version does
   * not know is left to newer replicas, until it is to be given up.
   */
  claim(claim: Claim): Promise<ClaimedMails>;
  /** Deletes a mail that the mail server has accepted, or that has nothing to say. */
  settle(mail: ClaimedRow): Promise<boolean>;
  /** Deletes a mail that nobody will accept, with the event that says so. */
  giveUp(mail: ClaimedRow, event: AuditEvent): Promise<boolean>;
  /** Ends the claim. @param nextTryAt milliseconds since the epoch */
  retry(mail: ClaimedRow, nextTryAt: number): Promise<boolean>;
  /** Mails that wait. */
  count(): Promise<number>;
}

/**
 * Answers the request of a stranger. One commit replaces the request by a mail with a link, if the name has an account,
 * else by nothing (`settlingStep` of the outbox table deletes the request).
 */
export type AnswerRequest = (request: WaitingMail, typedName: string) => Promise<void>;

/** The address of the page that a link opens, such as `https://login.example.com/account/reset?link=lkl_…`. */
export type LinkAddress = (kind: LinkedKind, linkId: string) => string;

import type { AuditEvent } from "../audit-events.ts";
import { LatchkeyError } from "../errors.ts";
import type { NewMail, WaitingMail } from "../mail/outbox.ts";

/** The purpose of a link in a mail. */
export type LinkPurpose = "reset" | "verify" | "change_email" | "sign_up";

/**
 * A single-use link in a mail. Its token is made of the id and a MAC of it, so the table holds nothing that opens it.
 * All times are milliseconds since the epoch.
 */
export interface Link {
  /** 128 random bits in base64url. */
  readonly id: string;
  readonly purpose: LinkPurpose;
  /** The account it belongs to; null for a sign-up. */
  readonly userId: string | null;
  /** The revision of the account when the link was made: a new password or a disabled account outdates it. */
  readonly revision: number | null;
  /** The address that it was sent to, and that its use proves. */
  readonly email: string;
  /** The roles of the new account, for an invitation. Null for a stranger: the role is `user`. */
  readonly roles: readonly string[] | null;
  /** The user who sent the invitation. Null for a machine, and for every other link. */
  readonly invitedBy: string | null;
  /** The OAuth client that sent the invitation: a machine, or a program for that user. Null for a user's own login. */
  readonly invitedWith: string | null;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** The lifetime of a link, in milliseconds. An invitation waits longer than a stranger's sign-up. */
export const linkLifetimes = {
  reset: 30 * 60_000,
  verify: 24 * 3_600_000,
  change_email: 24 * 3_600_000,
  sign_up: 24 * 3_600_000,
  invitation: 7 * 24 * 3_600_000,
} as const;

/** The one refusal of every link that cannot be used. @param reason for the log alone */
export function invalidLink(reason: string): LatchkeyError {
  return new LatchkeyError("invalid_link", { reason });
}

/** A link that an administrator sent to a person without an account. */
export type Invitation = Link & { readonly roles: readonly string[] };

/** The inviter of a link, as it was read. The commit of the new account compares it again. */
export interface InviterAsRead {
  readonly user: { readonly id: string; readonly version: number } | null;
  /** The OAuth client. One that describes itself has no row in the table of clients, unless it is blocked. */
  readonly client: { readonly id: string; readonly describesItself: boolean } | null;
}

/** A part of the list of invitations. */
export interface InvitationPage {
  /** Invitations behind this id alone. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** The table of links. Every change is durable when its promise resolves. */
export interface Links {
  byId(id: string): Promise<Link | undefined>;
  /**
   * Adds a link, with its mails and events.
   *
   * @param version the version that its user must have. Default: any
   * @returns false if its user is gone, is disabled or has another revision or version; if its inviter is gone or
   * disabled; or if a stranger asked for it and too many mails wait
   */
  add(
    link: Link,
    mails: readonly NewMail[],
    events: readonly AuditEvent[],
    version?: number,
  ): Promise<boolean>;
  /**
   * Replaces the request of a stranger by a link with its mail, or by nothing.
   *
   * @returns false if another process has claimed the request meanwhile, or if the link cannot be added
   */
  answer(
    request: WaitingMail,
    answer: { readonly link: Link; readonly mail: NewMail } | undefined,
    event: AuditEvent,
  ): Promise<boolean>;
  /** Invitations that have not expired, by id. @param at milliseconds since the epoch */
  invitations(page: InvitationPage, at: number): Promise<Invitation[]>;
  /** Deletes an invitation, and its mail if that waits. @returns false if there is none with this id */
  withdraw(id: string, event: AuditEvent): Promise<boolean>;
}

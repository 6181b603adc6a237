import type { Caller, Origin } from "../audit-events.ts";
import type { MailLanguage } from "../mail/mail-kinds.ts";
import type { AnswerRequest, LinkAddress } from "../mail/outbox.ts";
import type { SessionPrincipal } from "../stories/current-user.ts";
import type { Credentials } from "../stories/sign-in.ts";
import type { Invitation, InvitationPage, LinkPurpose } from "./links.ts";
import type { Power } from "./powers.ts";
import type { ChangeOptions } from "./user-changes.ts";
import type { User } from "./users.ts";

/** A new password for the own account. */
export interface PasswordChange {
  readonly currentPassword: string;
  readonly newPassword: string;
  /** Whether every session but the caller's own one ends. */
  readonly endOthers: boolean;
}

/** A new address for the own account. */
export interface EmailChange {
  readonly email: string;
  readonly currentPassword: string;
}

/** The account that the holder of a `sign_up` link chooses. */
export interface Joining {
  readonly username: string;
  readonly password: string;
  readonly displayName: string | null;
}

/** A link, as the page behind it shows it. */
export interface DescribedLink {
  readonly purpose: LinkPurpose;
  /** The address that the link was sent to. */
  readonly email: string;
  /** The user name of the account; null for a `sign_up` link. */
  readonly username: string | null;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** A confirmed address. */
export interface ConfirmedEmail {
  readonly purpose: "verify" | "change_email";
  readonly email: string;
  readonly username: string;
}

/**
 * Changes of the own account by a signed-in user. The current password counts under the limits of a login, so a stolen
 * token guesses no password. A refused one throws `wrong_password`.
 */
export interface OwnAccount {
  /**
   * Sets a new password, and clears the mark that it must be changed. When the promise resolves, the tokens of the
   * sessions that it ended are refused.
   *
   * @throws {WeakPassword} if the new password is refused
   * @throws {LatchkeyError} `wrong_password`, `rate_limited`, `overloaded`, `client_gone`, `conflict`
   */
  changePassword(
    me: SessionPrincipal,
    change: PasswordChange,
    caller: Caller,
    language: MailLanguage,
  ): Promise<void>;
  /**
   * The same before a session is open, for a person who must change the password at the sign-in. Ends every session.
   *
   * @param clientId the OAuth client that the person signs in for, if any
   * @throws {WeakPassword} if the new password is refused
   * @throws {LatchkeyError} those of a login, and `conflict`
   */
  changePasswordAtSignIn(
    credentials: Credentials,
    newPassword: string,
    caller: Caller,
    language: MailLanguage,
    clientId?: string,
  ): Promise<void>;
  /**
   * Sends a link to the new address. Nothing changes before the link is used. An address of another account gets a mail
   * without a link, and the caller the same answer.
   *
   * @throws {LatchkeyError} `wrong_password`, `validation_error`, `rate_limited`, `overloaded`, `client_gone`,
   * `conflict`, `not_found` without mail
   */
  beginEmailChange(
    me: SessionPrincipal,
    change: EmailChange,
    caller: Caller,
    language: MailLanguage,
  ): Promise<void>;
  /**
   * Sends a link that confirms the current address.
   *
   * @throws {LatchkeyError} `rate_limited`, `conflict`, `not_found` without mail
   */
  sendVerification(me: SessionPrincipal, caller: Caller, language: MailLanguage): Promise<void>;
  /**
   * Uses a `verify` or `change_email` link. The old address gets a notice of a change.
   *
   * @throws {LatchkeyError} `invalid_link`, `email_taken`, `rate_limited`, `not_found` without mail
   */
  confirmEmail(linkToken: string, caller: Caller, language: MailLanguage): Promise<ConfirmedEmail>;
}

/** Forgotten passwords. */
export interface PasswordResets {
  /**
   * Asks for a reset link. Does the same work for every name: one commit, no read. The mail job finds the account.
   *
   * @param typedName user name or e-mail address
   * @throws {LatchkeyError} `rate_limited`, `overloaded` if too many requests wait, `not_found` without mail
   */
  forgotPassword(typedName: string, caller: Caller, language: MailLanguage): Promise<void>;
  /**
   * Uses a `reset` link: sets the password, confirms the address and ends every session.
   *
   * @throws {WeakPassword} if the new password is refused: the link can be used again
   * @throws {LatchkeyError} `invalid_link`, `rate_limited`, `overloaded`, `client_gone`
   */
  resetPassword(
    linkToken: string,
    newPassword: string,
    caller: Caller,
    language: MailLanguage,
  ): Promise<void>;
  /**
   * Sends a reset link to a user, for an administrator: a link that sets a password is a change of the account.
   *
   * @throws {LatchkeyError} `not_found` for an unknown or disabled user, and without mail; `protected_account`;
   * `precondition_failed` if the user has another version than the caller expects; `rate_limited`; `conflict`
   */
  sendReset(userId: string, options: ChangeOptions, language: MailLanguage): Promise<void>;
}

/** The rule for new accounts: none, by invitations alone, or also for addresses of these domains. */
export type SignUpRule = "off" | "invitation" | readonly string[];

/** New accounts by a link in a mail. */
export interface SignUps {
  /**
   * Asks for a sign-up link. The answer is the same if the address has an account: then the mail says so.
   *
   * @throws {LatchkeyError} `validation_error` for an address of another domain, `rate_limited`, `overloaded`,
   * `not_found` if strangers cannot sign up
   */
  signUp(email: string, caller: Caller, language: MailLanguage): Promise<void>;
  /**
   * Uses a `sign_up` link: adds the user with a confirmed address. After a refusal of the name or the password the link
   * can be used again.
   *
   * @throws {WeakPassword} if the password is refused
   * @throws {LatchkeyError} `invalid_link`, `username_taken`, `email_taken`, `validation_error`, `rate_limited`,
   * `overloaded`, `client_gone`
   */
  join(linkToken: string, joining: Joining, caller: Caller): Promise<User>;
}

/** The sender of an invitation: a user, or a machine (client credentials). */
export interface Inviter {
  readonly by: Origin;
  readonly isMachine: boolean;
}

/** Invitations to an account, by administrators. */
export interface Invitations {
  /**
   * Sends an invitation with roles. The caller has checked the inviter's powers. They count again when the link is used.
   *
   * @throws {LatchkeyError} `email_taken`, `validation_error`, `rate_limited`, `forbidden` if the inviter is gone
   * meanwhile, `not_found` if sign-up is off, and without mail
   */
  invite(
    email: string,
    roles: readonly string[],
    inviter: Inviter,
    language: MailLanguage,
  ): Promise<Invitation>;
  /** Invitations that have not expired, by id. They are listed also while their inviter lacks a power. */
  invitations(page: InvitationPage): Promise<Invitation[]>;
  /**
   * Ends an invitation. Its mail is not sent if it still waits. It takes the powers that send such an invitation.
   *
   * @param held the powers of the caller
   * @throws {LatchkeyError} `not_found`, `forbidden` without the powers to send such an invitation
   */
  withdrawInvitation(id: string, held: ReadonlySet<Power>, by: Origin): Promise<void>;
}

/** Links, seen without a use. */
export interface LinkReading {
  /**
   * Describes a link that can be used now. Changes nothing: mail scanners follow links.
   *
   * @throws {LatchkeyError} `invalid_link`
   */
  describeLink(linkToken: string): Promise<DescribedLink>;
}

/** The stories of a person and the own account. */
export interface SelfService extends OwnAccount, PasswordResets, SignUps, Invitations, LinkReading {
  /** Whether mails are sent. Without mail, every story that sends one throws `not_found`: pages hide their links. */
  readonly mail: boolean;
  /** The ways to a new account. */
  readonly signUpBy: "off" | "invitation" | "domains";
}

/** The ways to a new account. Each of them needs a mail. */
export function signUpWay(rule: SignUpRule, mail: boolean): SelfService["signUpBy"] {
  if (!mail) return "off";
  return typeof rule === "string" ? rule : "domains";
}

/** The stories that the mail job calls. */
export interface LinkMails {
  /** Finds the account of a `reset_request` at last, and replaces the request by a mail with its link. */
  readonly answerRequest: AnswerRequest;
  readonly linkAddress: LinkAddress;
}

/** The languages of mails and pages. */
export type MailLanguage = "en" | "de" | "fr";

/** What a mail says, with the facts that its text needs. The link of a mail is made when the mail is sent. */
export type MailContent =
  /** A link to set a new password. */
  | { readonly kind: "reset" }
  /** A stranger asked for such a link. The mail job looks for the account, so the request does the same for any name. */
  | { readonly kind: "reset_request"; readonly typedName: string }
  /** A link that confirms the address of an account. */
  | { readonly kind: "verify" }
  /** The same for a new address of an account. */
  | { readonly kind: "change_email" }
  /** A link to make an account, for somebody whom an administrator invites. */
  | { readonly kind: "invitation"; readonly invitedBy: string | null }
  /** The same for a stranger who asked for it. */
  | { readonly kind: "sign_up" }
  /** A stranger asked to sign up with the address of an account. */
  | { readonly kind: "sign_up_known"; readonly username: string }
  /** Notices of changes of the own account. */
  | { readonly kind: "password_changed"; readonly at: number }
  | { readonly kind: "email_changed"; readonly at: number; readonly newAddress: string }
  | { readonly kind: "new_address"; readonly at: number; readonly address: string };

export type MailKind = MailContent["kind"];

/** A mail that a change writes into the outbox, in the same commit. */
export interface NewMail {
  readonly content: MailContent;
  /** The address it goes to. For a `reset_request` the empty text: the job finds it. */
  readonly recipient: string;
  readonly userId: string | null;
  /** The id of the link in it; null for a mail without one. */
  readonly linkId: string | null;
  readonly language: MailLanguage;
}

/** A mail that waits, claimed by this process until the lease ends. */
export interface WaitingMail extends NewMail {
  readonly id: string;
  readonly createdAt: number;
  /** Tries so far, this one included. */
  readonly attempts: number;
}

/** The languages of mails and pages. */
export const mailLanguages = ["en", "de", "fr"] as const;

/** A language of the mails. */
export type MailLanguage = (typeof mailLanguages)[number];

/** The text of a mail, with the facts that it needs. The address of a link is made when the mail is sent. */
export type MailContent =
  /** A link to set a new password. */
  | { readonly kind: "reset" }
  /** A stranger asked for such a link. The mail job looks for the account, so the request does the same for any name. */
  | {
      readonly kind: "reset_request";
      readonly typedName: string;
      /** The sender of the request, for the audit trail. */
      readonly address?: string | undefined;
      readonly requestId?: string | undefined;
    }
  /** A link that confirms the address of an account. */
  | { readonly kind: "verify" }
  /** The same for a new address of an account. */
  | { readonly kind: "change_email" }
  /** A user asked to move their account to the address of another account. Its owner learns of it. */
  | { readonly kind: "address_taken" }
  /** A link to make an account, by the invitation of an administrator. */
  | { readonly kind: "invitation"; readonly invitedBy: string | null }
  /** The same by the request of a stranger. */
  | { readonly kind: "sign_up" }
  /** A stranger asked to sign up with the address of an account. */
  | { readonly kind: "sign_up_known"; readonly username: string }
  /** Notices of changes of the own account. `at` is the time of the change in milliseconds since the epoch. */
  | { readonly kind: "password_changed"; readonly at: number }
  | { readonly kind: "email_changed"; readonly at: number; readonly newAddress: string }
  /** A sign-in from an IP address that the user has never used before. */
  | { readonly kind: "new_address"; readonly at: number; readonly address: string }
  /** The operator tries the settings with `latchkey mail test`. It never enters the outbox. */
  | { readonly kind: "test" };

/** The kind of a mail. */
export type MailKind = MailContent["kind"];

/** The kinds that a caller without an account can cause. They are refused if 10,000 mails wait. */
export const strangersKinds: readonly MailKind[] = ["reset_request", "sign_up", "sign_up_known"];

/** The kinds that carry a link. */
export type LinkedKind = "reset" | "verify" | "change_email" | "invitation" | "sign_up";

/** The kinds that the mail job sends. It replaces a `reset_request` by another mail. */
export const sentKinds = [
  "reset",
  "verify",
  "change_email",
  "address_taken",
  "invitation",
  "sign_up",
  "sign_up_known",
  "password_changed",
  "email_changed",
  "new_address",
] as const satisfies readonly MailKind[];

/** The kinds that the outbox holds. */
export const storedKinds = ["reset_request", ...sentKinds] as const satisfies readonly MailKind[];

/** The outcomes of one try. `deferred`: there will be another. `rejected`, `expired`: there will be none. */
export const mailOutcomes = ["sent", "deferred", "rejected", "expired"] as const;

/** The result of a try to send a mail. */
export type MailOutcome = (typeof mailOutcomes)[number];

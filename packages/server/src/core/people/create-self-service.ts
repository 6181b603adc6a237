import { LatchkeyError } from "../errors.ts";
import { createInvitations, type InvitationParts } from "./invitations.ts";
import { createLinkAddress } from "./link-address.ts";
import type { LinkTokens } from "./link-tokens.ts";
import { createLinkUses, type LinkUseParts } from "./link-uses.ts";
import { createNewPasswords, type NewPasswordParts } from "./new-passwords.ts";
import { createOwnEmail, type OwnEmailParts } from "./own-email.ts";
import { createOwnPassword, type OwnPasswordParts } from "./own-password.ts";
import { createPasswordResets, type PasswordResetParts } from "./reset-password.ts";
import { type LinkMails, type SelfService, signUpWay } from "./self-service.ts";
import { createSignUps, type SignUpParts } from "./sign-up.ts";

/** The parts of the self-service. Some of them are made here of the others. */
export type SelfServiceParts = Omit<
  OwnEmailParts &
    OwnPasswordParts &
    PasswordResetParts &
    SignUpParts &
    InvitationParts &
    LinkUseParts &
    NewPasswordParts,
  "linkUses" | "newPasswords" | "refusal"
> & {
  readonly linkTokens: LinkTokens;
  /** The public URL of the server. */
  readonly issuer: string;
};

/** Composes the stories of a person and the own account, and those that the mail job calls. */
export function createSelfService(parts: SelfServiceParts): SelfService & LinkMails {
  const { issuer, linkTokens, rule, mail } = parts;
  const linkUses = createLinkUses(parts);
  const shared = { ...parts, linkUses, newPasswords: createNewPasswords(parts) };
  const { answerRequest, ...resets } = createPasswordResets(shared);
  const byLinks = { ...createOwnEmail(shared), ...resets, ...createSignUps(shared) };
  return {
    mail,
    signUpBy: signUpWay(rule, mail),
    ...createOwnPassword(shared),
    ...createInvitations(shared),
    ...(mail ? { ...byLinks, describeLink: linkUses.describeLink } : withoutMail),
    answerRequest,
    linkAddress: createLinkAddress(issuer, linkTokens),
  };
}

/** @throws {LatchkeyError} `not_found` */
async function refuse(): Promise<never> {
  throw new LatchkeyError("not_found", { reason: "no way to send mails is set" });
}

type NeedsNoMail = keyof ReturnType<typeof createOwnPassword> | "invitations" | "withdrawInvitation";

/** The stories of a server that sends no mails. */
const withoutMail: Omit<SelfService, NeedsNoMail | "mail" | "signUpBy"> = {
  beginEmailChange: refuse,
  sendVerification: refuse,
  confirmEmail: refuse,
  forgotPassword: refuse,
  resetPassword: refuse,
  sendReset: refuse,
  signUp: refuse,
  invite: refuse,
  join: refuse,
  describeLink: refuse,
};

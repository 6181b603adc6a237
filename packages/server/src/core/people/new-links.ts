import type { Clock } from "../clock.ts";
import type { MailContent, MailLanguage } from "../mail/mail-kinds.ts";
import type { NewMail } from "../mail/outbox.ts";
import type { LinkTokens } from "./link-tokens.ts";
import { type Link, linkLifetimes } from "./links.ts";
import type { LocalUser } from "./users.ts";

/** The parts of the maker of links. */
export interface NewLinkParts {
  readonly linkTokens: Pick<LinkTokens, "newId">;
  readonly clock: Clock;
}

/** A new link and the mail that brings it. */
export interface LinkWithMail {
  readonly link: Link;
  readonly mail: NewMail;
}

type OfAccount = Pick<LocalUser, "id" | "revision">;

const ofNobody = { roles: null, invitedBy: null, invitedWith: null } as const;

/** Makes links and their mails. */
export function createNewLinks({ linkTokens, clock }: NewLinkParts) {
  return {
    /** @param email the recipient: the use of the link proves the address */
    ofUser(
      purpose: "reset" | "verify" | "change_email",
      { id: userId, revision }: OfAccount,
      email: string,
      language: MailLanguage,
    ): LinkWithMail {
      const createdAt = clock();
      const times = { createdAt, expiresAt: createdAt + linkLifetimes[purpose] };
      const link = { id: linkTokens.newId(), purpose, userId, revision, email, ...ofNobody, ...times };
      return {
        link,
        mail: { content: { kind: purpose }, recipient: email, userId, linkId: link.id, language, createdAt },
      };
    },
    /** @param invitation the roles of the new account and the inviter. Default: a stranger asked for the link */
    signUp(
      content: MailContent & { readonly kind: "invitation" | "sign_up" },
      email: string,
      language: MailLanguage,
      invitation: Pick<Link, "roles" | "invitedBy" | "invitedWith"> = ofNobody,
    ): LinkWithMail {
      const createdAt = clock();
      const times = { createdAt, expiresAt: createdAt + linkLifetimes[content.kind] };
      const id = linkTokens.newId();
      return {
        link: { id, purpose: "sign_up", userId: null, revision: null, email, ...invitation, ...times },
        mail: { content, recipient: email, userId: null, linkId: id, language, createdAt },
      };
    },
  };
}

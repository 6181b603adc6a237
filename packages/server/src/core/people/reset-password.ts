import { eventOf, type Origin } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import { LatchkeyError } from "../errors.ts";
import { noticesTo } from "../mail/notices.ts";
import type { Outbox, WaitingMail } from "../mail/outbox.ts";
import { maxTypedName, nameKeys } from "../passwords/account-names.ts";
import type { Accounts } from "../stories/sign-in.ts";
import type { Revocations } from "../tokens/revocations.ts";
import type { LinkUses } from "./link-uses.ts";
import { invalidLink, type Links } from "./links.ts";
import { createNewLinks, type NewLinkParts } from "./new-links.ts";
import type { NewPasswords } from "./new-passwords.ts";
import type { LinkMails, PasswordResets } from "./self-service.ts";
import type { SelfServiceLimits } from "./self-service-limits.ts";
import { createSendReset } from "./send-reset.ts";
import type { LocalUser, Users } from "./users.ts";

/** The parts of the resets. */
export interface PasswordResetParts extends NewLinkParts {
  readonly users: Pick<Users, "byId" | "byName" | "setPassword">;
  readonly accounts: Pick<Accounts, "nameOf">;
  readonly links: Links;
  readonly linkUses: LinkUses;
  readonly newPasswords: NewPasswords;
  readonly limits: SelfServiceLimits;
  readonly outbox: Pick<Outbox, "request">;
  readonly revocations: Pick<Revocations, "poll">;
  readonly clock: Clock;
}

/** Resets of forgotten passwords, by links in mails. */
export function createPasswordResets(
  parts: PasswordResetParts,
): PasswordResets & Pick<LinkMails, "answerRequest"> {
  const { users, accounts, links, linkUses, newPasswords, limits, outbox, revocations, clock } = parts;
  const newLinks = createNewLinks(parts);

  /** Whether a user gets a reset mail now. The refusal is silent: the answer was sent long ago. */
  async function getsMail(user: LocalUser): Promise<boolean> {
    if (!user.active) return false;
    try {
      await limits.resetMail(user.id);
      return true;
    } catch (error) {
      if (error instanceof LatchkeyError && error.code === "rate_limited") return false;
      throw error;
    }
  }

  return {
    async forgotPassword(typed, caller, language) {
      const { fingerprint } = accounts.nameOf(typed);
      await limits.resetRequest(caller, fingerprint);
      // A longer name has no account, and would only fill the outbox.
      const typedName = typed.length > maxTypedName ? "" : typed;
      const { address, requestId } = caller;
      const content = { kind: "reset_request", typedName, address, requestId } as const;
      const nobody = { recipient: "", userId: null, linkId: null };
      await outbox.request({ content, ...nobody, language, createdAt: clock() }, []);
    },
    async answerRequest(request, typedName) {
      const { fingerprint } = accounts.nameOf(typedName);
      const user = await users.byName(nameKeys(typedName));
      const event = eventOf("reset.requested", request.createdAt, originOf(request), {
        subject: user?.id ?? `unknown:${fingerprint}`,
      });
      const answer =
        user !== undefined && (await getsMail(user))
          ? newLinks.ofUser("reset", user, user.email, request.language)
          : undefined;
      await links.answer(request, answer, event);
    },
    async resetPassword(linkToken, newPassword, caller, language) {
      await limits.linkUse(caller);
      const { link, user } = await linkUses.ofUser(linkToken, "reset");
      const hash = await newPasswords.hash(newPassword, user, caller);
      const at = clock();
      const event = eventOf("user.password_changed", at, caller, { subject: user.id, reason: "reset" });
      const mails = noticesTo(user, { kind: "password_changed", at }, language);
      const { revision, id } = link;
      const terms = { link: id, revision, version: user.version, emailVerifiedAt: at, mails };
      if (!(await users.setPassword(user.id, hash, event, terms)))
        throw invalidLink("used meanwhile, or the user was changed");
      await revocations.poll();
    },
    sendReset: createSendReset(parts),
  };
}

/** The sender of a request. */
function originOf({ content }: WaitingMail): Origin {
  if (content.kind !== "reset_request" || content.address === undefined) return { address: "server" };
  const { address, requestId } = content;
  return { address, ...(requestId !== undefined && { requestId }) };
}

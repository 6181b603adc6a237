import { type Caller, eventOf } from "../audit-events.ts";
import { LatchkeyError } from "../errors.ts";
import type { MailLanguage } from "../mail/mail-kinds.ts";
import { noticesTo } from "../mail/notices.ts";
import { canonicalName, nameKeys } from "../passwords/account-names.ts";
import { type AuthenticateParts, createAuthenticate } from "../stories/sign-in.ts";
import { mostUserBytes, userBytes } from "../tokens/token-size.ts";
import type { LinkOfUser, LinkUses } from "./link-uses.ts";
import { invalidLink, type Links } from "./links.ts";
import { createNewLinks, type NewLinkParts } from "./new-links.ts";
import { createPasswordConfirmation, ownUser } from "./own-identity.ts";
import type { ConfirmedEmail, OwnAccount } from "./self-service.ts";
import type { SelfServiceLimits } from "./self-service-limits.ts";
import { fieldProblem, mailboxOf, typedEmail } from "./typed-fields.ts";
import type { ChangeOutcome, Users } from "./users.ts";

/** The parts of the changes of the own address. */
export interface OwnEmailParts extends AuthenticateParts, NewLinkParts {
  readonly users: Pick<Users, "byId" | "byName" | "change">;
  readonly links: Links;
  readonly linkUses: LinkUses;
  readonly limits: SelfServiceLimits;
}

/** A confirmation that an unrelated change overtook is tried again, so many times in all. */
const mostTries = 3;

/** Changes and confirmations of the own e-mail address, by links in mails. */
export function createOwnEmail(
  parts: OwnEmailParts,
): Pick<OwnAccount, "beginEmailChange" | "sendVerification" | "confirmEmail"> {
  const { users, accounts, links, linkUses, limits, clock } = parts;
  const newLinks = createNewLinks(parts);
  const confirm = createPasswordConfirmation(
    users,
    createAuthenticate({ ...parts, refusal: "wrong_password" }),
  );

  /** Uses a link once. @returns the outcome of the change */
  async function use(
    { link, user }: LinkOfUser,
    caller: Caller,
    language: MailLanguage,
  ): Promise<ChangeOutcome> {
    const at = clock();
    const isChange = link.purpose === "change_email";
    const { email } = link;
    const event = eventOf("user.changed", at, caller, {
      subject: user.id,
      reason: isChange ? "email" : "email_verified",
    });
    const keys = { usernameKey: canonicalName(user.username), emailKey: canonicalName(email) };
    const mails = isChange ? noticesTo(user, { kind: "email_changed", at, newAddress: email }, language) : [];
    const terms = { link: link.id, version: user.version, revision: link.revision, mails };
    return users.change({ ...user, email, ...keys, emailVerifiedAt: at }, [event], terms);
  }

  return {
    async beginEmailChange(me, { email: typed, currentPassword }, caller, language) {
      const email = typedEmail(typed);
      await limits.ownMail(me.userId);
      await limits.typedAddress(caller, accounts.nameOf(mailboxOf(email)).fingerprint);
      await using person = await confirm(me, currentPassword, caller);
      const { user, revision } = person;
      // Every token contains the address, and must fit into a header.
      if (userBytes({ ...user, email }) > mostUserBytes)
        throw fieldProblem("email", "this address is too long beside the names and roles of the account");
      const holder = await users.byName(nameKeys(email));
      const { link, mail } = newLinks.ofUser("change_email", { ...user, revision }, email, language);
      // The same link and the same answer for a taken address. Its owner gets a mail without the link.
      const taken = holder !== undefined && holder.id !== user.id;
      const sent = taken ? { ...mail, content: { kind: "address_taken" } as const, linkId: null } : mail;
      if (!(await links.add(link, [sent], []))) throw changedMeanwhile();
    },
    async sendVerification(me, _caller, language) {
      const user = await ownUser(users, me);
      await limits.ownMail(me.userId);
      const { link, mail } = newLinks.ofUser("verify", user, user.email, language);
      if (!(await links.add(link, [mail], []))) throw changedMeanwhile();
    },
    async confirmEmail(linkToken, caller, language) {
      await limits.linkUse(caller);
      for (let tries = 1; ; tries++) {
        const found = await linkUses.ofUser(linkToken, "verify", "change_email");
        const outcome = await use(found, caller, language);
        if (outcome === "changed") return confirmedBy(found);
        if (outcome !== "outdated") throw new LatchkeyError("email_taken");
        if (tries === mostTries) throw invalidLink("the user was changed meanwhile");
      }
    },
  };
}

function confirmedBy({ link, user }: LinkOfUser): ConfirmedEmail {
  const purpose = link.purpose === "change_email" ? "change_email" : "verify";
  return { purpose, email: link.email, username: user.username };
}

function changedMeanwhile(): LatchkeyError {
  return new LatchkeyError("conflict", { reason: "the user was changed meanwhile" });
}

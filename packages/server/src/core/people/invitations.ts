import { eventOf } from "../audit-events.ts";
import { LatchkeyError } from "../errors.ts";
import { nameKeys } from "../passwords/account-names.ts";
import type { Accounts } from "../stories/sign-in.ts";
import type { Links } from "./links.ts";
import { createNewLinks, type NewLinkParts } from "./new-links.ts";
import { rolesProblem } from "./person-rules.ts";
import { assertMayInvite } from "./powers.ts";
import type { Invitations, SignUpRule } from "./self-service.ts";
import type { SelfServiceLimits } from "./self-service-limits.ts";
import { fieldProblem, mailboxOf, typedEmail } from "./typed-fields.ts";
import type { Users } from "./users.ts";

/** The parts of the invitations. */
export interface InvitationParts extends NewLinkParts {
  readonly rule: SignUpRule;
  readonly users: Pick<Users, "byId" | "byName">;
  readonly accounts: Pick<Accounts, "nameOf">;
  readonly links: Pick<Links, "add" | "byId" | "invitations" | "withdraw">;
  readonly limits: Pick<SelfServiceLimits, "invitation">;
}

/** Invitations: sent, listed and withdrawn by administrators. */
export function createInvitations(parts: InvitationParts): Invitations {
  const { rule, users, accounts, links, limits, clock } = parts;
  const newLinks = createNewLinks(parts);

  /** The account in the audit trail: a fingerprint, because the address has no account. */
  const subjectOf = (email: string) => `unknown:${accounts.nameOf(email).fingerprint}`;

  /** The name of a user, for the mail. Null for a machine. */
  async function nameOf(userId: string | null): Promise<string | null> {
    const user = userId === null ? undefined : await users.byId(userId);
    return user?.displayName ?? user?.username ?? null;
  }

  return {
    async invite(typed, roles, { by, isMachine }, language) {
      if (rule === "off") throw new LatchkeyError("not_found", { reason: "LATCHKEY_SIGN_UP is off" });
      const email = typedEmail(typed);
      const problem = rolesProblem(roles);
      if (problem !== undefined) throw fieldProblem("roles", problem);
      if ((await users.byName(nameKeys(email))) !== undefined) throw new LatchkeyError("email_taken");
      await limits.invitation(accounts.nameOf(mailboxOf(email)).fingerprint);
      const inviter = {
        invitedBy: isMachine ? null : (by.actor ?? null),
        invitedWith: by.client ?? null,
      };
      const content = { kind: "invitation", invitedBy: await nameOf(inviter.invitedBy) } as const;
      const { link, mail } = newLinks.signUp(content, email, language, { roles, ...inviter });
      const event = eventOf("user.invited", clock(), by, { subject: subjectOf(email) });
      if (!(await links.add(link, [mail], [event])))
        throw new LatchkeyError("forbidden", { reason: "the inviter is gone or disabled" });
      return { ...link, roles };
    },
    invitations: (page) => links.invitations(page, clock()),
    async withdrawInvitation(id, { by, held }) {
      const link = await links.byId(id);
      if (link === undefined || link.roles === null || link.expiresAt <= clock()) throw noInvitation();
      if (held !== undefined) assertMayInvite(held, link.roles);
      const event = eventOf("user.uninvited", clock(), by, { subject: subjectOf(link.email) });
      if (!(await links.withdraw(id, event))) throw noInvitation();
    },
  };
}

function noInvitation(): LatchkeyError {
  return new LatchkeyError("not_found", { reason: "no such invitation" });
}

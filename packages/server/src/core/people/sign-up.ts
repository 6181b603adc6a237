import { eventOf } from "../audit-events.ts";
import { LatchkeyError } from "../errors.ts";
import { canonicalName, nameKeys } from "../passwords/account-names.ts";
import type { Accounts } from "../stories/sign-in.ts";
import type { LinkUses } from "./link-uses.ts";
import { invalidLink, type Links } from "./links.ts";
import { createNewLinks, type NewLinkParts } from "./new-links.ts";
import type { NewPasswords } from "./new-passwords.ts";
import { namesToAdd, type Person } from "./person-rules.ts";
import type { SignUpRule, SignUps } from "./self-service.ts";
import type { SelfServiceLimits } from "./self-service-limits.ts";
import { accepted, fieldProblem, mailboxOf, typedEmail } from "./typed-fields.ts";
import { addWithFreeId } from "./user-ids.ts";
import { type Users, withoutSecrets } from "./users.ts";

/** The parts of the sign-ups. */
export interface SignUpParts extends NewLinkParts {
  readonly rule: SignUpRule;
  readonly users: Pick<Users, "byName" | "add">;
  readonly accounts: Pick<Accounts, "nameOf">;
  readonly links: Links;
  readonly linkUses: LinkUses;
  readonly newPasswords: NewPasswords;
  readonly limits: SelfServiceLimits;
}

/** The role of an account by sign-up without an invitation. */
const strangersRoles = ["user"];

/** Commits that unrelated changes of the inviter overtake, at most. */
const mostTries = 3;

/** New accounts, by links in mails. */
export function createSignUps(parts: SignUpParts): SignUps {
  const { rule, users, accounts, links, linkUses, newPasswords, limits, clock } = parts;
  const newLinks = createNewLinks(parts);
  // Sub-domains do not count: another party may control them.
  const domains = new Set(typeof rule === "string" ? [] : rule.map(domainKey));

  function assertAllowed(): void {
    if (rule === "off") throw new LatchkeyError("not_found", { reason: "LATCHKEY_SIGN_UP is off" });
  }

  /** Refuses taken names before a hash is computed. The commit compares them again. */
  async function assertFree({ username, email }: Person): Promise<void> {
    if (await users.byName(nameKeys(username))) throw new LatchkeyError("username_taken");
    if (await users.byName(nameKeys(email))) throw new LatchkeyError("email_taken");
  }

  return {
    async signUp(typed, caller, language) {
      if (typeof rule === "string")
        throw new LatchkeyError("not_found", { reason: `LATCHKEY_SIGN_UP is ${rule}` });
      const email = typedEmail(typed);
      if (!domains.has(domainOf(email)))
        throw fieldProblem(
          "email",
          `sign-up is open for addresses of ${[...domains].join(", ")}`,
          "foreign_domain",
        );
      await limits.typedAddress(caller, accounts.nameOf(mailboxOf(email)).fingerprint);
      const holder = await users.byName(nameKeys(email));
      const { link, mail } = newLinks.signUp({ kind: "sign_up" }, email, language);
      // The same statements for an address with an account. Its mail has no link.
      const known = holder && ({ kind: "sign_up_known", username: holder.username } as const);
      const sent = known === undefined ? mail : { ...mail, content: known, linkId: null };
      if (!(await links.add(link, [sent], [])))
        throw new LatchkeyError("overloaded", { reason: "too many mails wait in the outbox" });
    },
    async join(linkToken, { username, password, displayName }, caller) {
      assertAllowed();
      await limits.linkUse(caller);
      let found = await linkUses.signUp(linkToken);
      const { email, roles } = found.link;
      const person = { username, email, displayName, roles: roles ?? strangersRoles };
      const names = accepted(() => namesToAdd(person));
      await assertFree(person);
      const passwordHash = await newPasswords.hash(password, person, caller);
      const at = clock();
      for (let tries = 1; tries <= mostTries; tries++) {
        const { id, outcome } = await addWithFreeId(
          users,
          { ...names, passwordHash, emailVerifiedAt: at },
          (subject) => eventOf("user.signed_up", at, caller, { subject }),
          { link: found.link.id, inviter: found.inviter },
        );
        if (outcome === "added") return withoutSecrets({ ...names, id, active: true });
        if (outcome === "id_taken") throw new LatchkeyError("conflict", { reason: "no free id" });
        if (outcome !== "outdated") throw new LatchkeyError(outcome);
        // The link is used or expired, or its inviter was changed and may still invite.
        found = await linkUses.signUp(linkToken);
      }
      throw invalidLink("its inviter changes all the time");
    },
  };
}

/** The one spelling of a domain. */
function domainKey(domain: string): string {
  return domainOf(`a@${domain}`);
}

function domainOf(email: string): string {
  const key = canonicalName(email);
  return key.slice(key.lastIndexOf("@") + 1);
}

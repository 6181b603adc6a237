import { eventOf, type Origin } from "../audit-events.ts";
import { LatchkeyError } from "../errors.ts";
import { canonicalName, nameKeys } from "../passwords/account-names.ts";
import type { Accounts } from "../stories/sign-in.ts";
import { invalidLink, type LinkUses } from "./link-uses.ts";
import type { Links } from "./links.ts";
import { createNewLinks, type NewLinkParts } from "./new-links.ts";
import type { NewPasswords } from "./new-passwords.ts";
import { namesToAdd, type Person, rolesProblem } from "./person-rules.ts";
import type { SignUpRule, SignUps } from "./self-service.ts";
import type { SelfServiceLimits } from "./self-service-limits.ts";
import { accepted, fieldProblem, mailboxOf, typedEmail } from "./typed-fields.ts";
import { addWithFreeId } from "./user-ids.ts";
import { type Users, withoutSecrets } from "./users.ts";

/** The parts of the sign-ups. */
export interface SignUpParts extends NewLinkParts {
  readonly rule: SignUpRule;
  readonly users: Pick<Users, "byId" | "byName" | "add">;
  readonly accounts: Pick<Accounts, "nameOf">;
  readonly links: Links;
  readonly linkUses: LinkUses;
  readonly newPasswords: NewPasswords;
  readonly limits: SelfServiceLimits;
}

/** The role of an account by sign-up without an invitation. */
const strangersRoles = ["user"];

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

  /** The name of an administrator, for a mail. Null for a command, and for a machine. */
  async function nameOf({ actor }: Origin): Promise<string | null> {
    const user = actor === undefined ? undefined : await users.byId(actor);
    return user?.displayName ?? user?.username ?? null;
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
      const { link, mail } = newLinks.signUp({ kind: "sign_up" }, email, null, language);
      // The same statements for an address with an account. Its mail has no link.
      const known = holder && ({ kind: "sign_up_known", username: holder.username } as const);
      const sent = known === undefined ? mail : { ...mail, content: known, linkId: null };
      if (!(await links.add(link, [sent], [])))
        throw new LatchkeyError("overloaded", { reason: "too many mails wait in the outbox" });
    },
    async invite(typed, roles, by, language) {
      assertAllowed();
      const email = typedEmail(typed);
      const problem = rolesProblem(roles);
      if (problem !== undefined) throw fieldProblem("roles", problem);
      if ((await users.byName(nameKeys(email))) !== undefined) throw new LatchkeyError("email_taken");
      const content = { kind: "invitation", invitedBy: await nameOf(by) } as const;
      const { link, mail } = newLinks.signUp(content, email, roles, language);
      const subject = `unknown:${accounts.nameOf(email).fingerprint}`;
      await links.add(link, [mail], [eventOf("user.invited", clock(), by, { subject })]);
      return { expiresAt: link.expiresAt };
    },
    async join(linkToken, { username, password, displayName }, caller) {
      assertAllowed();
      await limits.linkUse(caller);
      const { id: link, email, roles } = await linkUses.signUp(linkToken);
      const person = { username, email, displayName, roles: roles ?? strangersRoles };
      const names = accepted(() => namesToAdd(person));
      await assertFree(person);
      const passwordHash = await newPasswords.hash(password, person, caller);
      const at = clock();
      const { id, outcome } = await addWithFreeId(
        users,
        { ...names, passwordHash, emailVerifiedAt: at },
        (subject) => eventOf("user.signed_up", at, caller, { subject }),
        { link },
      );
      if (outcome === "added") return withoutSecrets({ ...names, id, active: true });
      if (outcome === "outdated") throw invalidLink("used meanwhile");
      throw outcome === "id_taken"
        ? new LatchkeyError("conflict", { reason: "no free id" })
        : new LatchkeyError(outcome);
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

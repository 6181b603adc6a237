import { type AuditEvent, type AuditReason, type AuditTrail, eventOf, operator } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import type { MailLanguage } from "../mail/mail-kinds.ts";
import type { NewMail } from "../mail/outbox.ts";
import { nameKeys } from "../passwords/account-names.ts";
import type { Passwords } from "../passwords/passwords.ts";
import { assertGoodPassword, type PasswordRules } from "../passwords/policy.ts";
import type { Sessions } from "../stories/sessions.ts";
import { changedUser, reasonsOf, sameTexts } from "./changed-user.ts";
import type { Erasures, Pseudonyms } from "./erasures.ts";
import { assertNamesFree } from "./free-names.ts";
import { notice } from "./new-links.ts";
import { unknownPassword } from "./new-passwords.ts";
import {
  changedMeanwhile,
  LastAdministratorProblem,
  notAdded,
  PersonProblem,
  unknownUser,
} from "./person-problem.ts";
import { assertFits, namesToAdd, type Person, passwordContext } from "./person-rules.ts";
import { assertMay, assertMayChange } from "./powers.ts";
import { searchUsers } from "./search-users.ts";
import type { ChangeOptions, UserChanges } from "./user-changes.ts";
import { addWithFreeId, firstId } from "./user-ids.ts";
import type { UserSearch } from "./user-search.ts";
import { type ChangeTerms, type LocalUser, recordOf, type Users } from "./users.ts";

/** The parts of the changes of users. */
export interface UserChangeParts {
  readonly users: Users;
  readonly userSearch: UserSearch;
  readonly sessions: Pick<Sessions, "countLive" | "endAll">;
  readonly erasures: Pick<Erasures, "wasGiven" | "begin">;
  readonly pseudonymOf: Pseudonyms;
  readonly audit: AuditTrail;
  readonly passwords: Passwords;
  readonly passwordRules: PasswordRules;
  readonly clock: Clock;
  /** The language of notices to a user. Undefined without mail: then no notice is written. */
  readonly notices: MailLanguage | undefined;
  /** Waits until this process refuses the sessions that ended. A command has no tokens to refuse. */
  readonly refuseEnded: () => Promise<void>;
  /** Forgets the failures of an account in every counter. */
  readonly forgetFailures: (account: string) => Promise<void>;
  readonly exportUser: (user: LocalUser) => AsyncIterable<string>;
}

/** Readings of a user that other changes overtake, at most. */
const mostTries = 5;

/** User administration by user id. */
export function createUserChanges(parts: UserChangeParts): UserChanges {
  const { users, sessions, erasures, passwords, audit, clock } = parts;

  async function userOf(id: string): Promise<LocalUser> {
    const user = await users.byId(id);
    if (user === undefined) throw unknownUser(id);
    return user;
  }

  /**
   * Reads a user, checks the caller's powers over them, and tries a change of the version that was read.
   *
   * @param attempt false if the user has another version, is gone, or is the last administrator
   */
  async function withUser<Result>(
    id: string,
    options: ChangeOptions,
    pin: "pinned" | "if needed",
    attempt: (user: LocalUser, terms: ChangeTerms) => Promise<Result | false>,
  ): Promise<Result> {
    const { held, expectedVersion, last = "refuse" } = options;
    // Otherwise a caller without `roles:write` could change a user that becomes an administrator meanwhile.
    const isPinned = pin === "pinned" || expectedVersion !== undefined || held?.has("roles:write") === false;
    for (let tries = 1; tries <= mostTries; tries++) {
      const user = await userOf(id);
      if (expectedVersion !== undefined && user.version !== expectedVersion) throw changedMeanwhile(user);
      if (held !== undefined) assertMayChange(held, user.roles);
      const result = await attempt(user, { version: isPinned ? user.version : undefined, last });
      if (result !== false) return result;
      const now = await userOf(id);
      if (now.version === user.version || !isPinned) throw new LastAdministratorProblem(user);
    }
    throw new PersonProblem(`${id} changes all the time: try again`, "conflict");
  }

  async function hashOf(password: string, person: Person, { by }: ChangeOptions, account: string) {
    await assertGoodPassword(password, passwordContext(person), parts.passwordRules);
    return passwords.hash(password, { address: by.address, account });
  }

  function noticesOf(user: LocalUser, content: Parameters<typeof notice>[0]): NewMail[] {
    return parts.notices === undefined ? [] : [notice(content, user, parts.notices)];
  }

  return {
    async byName(name) {
      const user = await users.byName(nameKeys(name));
      if (user === undefined) throw unknownUser(name);
      return recordOf(user);
    },
    byId: async (id) => recordOf(await userOf(id)),
    search: (query) => searchUsers(parts.userSearch, query),

    async add({ password = unknownPassword(), mustChange, emailVerified, ...person }, options, alongside) {
      assertMaySetRoles(options, person.roles, ["user"]);
      const names = namesToAdd(person);
      await assertNamesFree(users, person);
      const passwordHash = await hashOf(password, person, options, firstId(names.usernameKey));
      const at = clock();
      const { id, outcome } = await addWithFreeId(
        users,
        {
          ...names,
          passwordHash,
          mustChangePassword: mustChange,
          emailVerifiedAt: emailVerified ? at : null,
        },
        (subject) => eventOf("user.added", at, options.by, { subject }),
        alongside,
      );
      if (outcome !== "added") throw notAdded(person, outcome);
      return recordOf(await userOf(id));
    },

    change(id, change, options) {
      return withUser(id, options, "pinned", async (user, terms) => {
        const at = clock();
        const changed = changedUser(user, change, at);
        assertMaySetRoles(options, changed.roles, user.roles);
        const reasons = reasonsOf(user, changed);
        if (reasons.length === 0) return recordOf(user);
        if (reasons.some((reason) => reason === "name" || reason === "email" || reason === "roles"))
          assertFits(changed, id);
        await assertNamesFree(users, changed, id);
        const mails = reasons.includes("email")
          ? noticesOf(user, { kind: "email_changed", at, newAddress: changed.email })
          : [];
        const events = reasons.map((reason) => changeEvent(id, at, options, reason));
        const outdateLinks = reasons.includes("email");
        const outcome = await users.change(changed, events, { ...terms, mails, outdateLinks });
        if (outcome === "outdated") return false;
        if (outcome !== "changed") throw notAdded(changed, outcome);
        return recordOf(await userOf(id));
      });
    },

    async setPassword(id, password, options) {
      const { by, mustChange } = options;
      const user = await withUser(id, options, "if needed", async (found, terms) => {
        const passwordHash = await hashOf(password, found, options, id);
        const at = clock();
        const reason = by.address === operator.address ? "operator" : "administrator";
        const event = eventOf("user.password_changed", at, by, { subject: id, reason });
        const mails = noticesOf(found, { kind: "password_changed", at });
        return (await users.setPassword(id, passwordHash, event, { ...terms, mails, mustChange })) && found;
      });
      await parts.refuseEnded();
      return recordOf(await userOf(user.id));
    },

    async setActive(id, active, options) {
      if (!active) assertOther(id, options, "disable");
      const name = active ? "user.enabled" : "user.disabled";
      await withUser(id, options, "if needed", (_, terms) =>
        users.setActive(id, active, eventOf(name, clock(), options.by, { subject: id }), terms),
      );
      if (!active) await parts.refuseEnded();
      return recordOf(await userOf(id));
    },

    async remove(id, options) {
      assertOther(id, options, "remove");
      await withUser(id, options, "if needed", (_, terms) =>
        users.remove(id, eventOf("user.removed", clock(), options.by, { subject: id }), terms),
      );
      await parts.refuseEnded();
    },

    async erase(id, options) {
      assertOther(id, options, "erase");
      const pseudonym = await parts.pseudonymOf(id);
      // The event must not name the erased user either.
      const event = () => eventOf("user.erased", clock(), options.by, { subject: pseudonym });
      if ((await users.byId(id)) === undefined) {
        if (!(await erasures.wasGiven(id))) throw unknownUser(id);
        await erasures.begin({ userId: id, pseudonym }, event());
        return pseudonym;
      }
      await withUser(id, options, "if needed", (_, terms) =>
        users.remove(id, event(), { ...terms, pseudonym }),
      );
      await parts.refuseEnded();
      return pseudonym;
    },

    async unlock(id, options) {
      const user = await userOf(id);
      if (options.held !== undefined) assertMayChange(options.held, user.roles);
      await audit.record(eventOf("user.unlocked", clock(), options.by, { subject: id }));
      await parts.forgetFailures(id);
    },

    async endSessions(id, options) {
      const user = await userOf(id);
      if (options.held !== undefined) assertMayChange(options.held, user.roles);
      const now = clock();
      const ending = await sessions.countLive(id, now);
      // Sessions that seem to have expired are ended too: this clock may be wrong.
      const about = { subject: id, reason: "administrator" } as const;
      await sessions.endAll(id, eventOf("sessions.ended", now, options.by, about));
      await parts.refuseEnded();
      return ending;
    },

    async exportUser(id, { by, held }) {
      const user = await userOf(id);
      if (held !== undefined) assertMayChange(held, user.roles);
      await audit.record(eventOf("user.exported", clock(), by, { subject: id }));
      return parts.exportUser(user);
    },
  };
}

function changeEvent(
  subject: string,
  at: number,
  { by }: ChangeOptions,
  reason: AuditReason<"user.changed">,
): AuditEvent {
  return eventOf("user.changed", at, by, { subject, reason });
}

function assertMaySetRoles(
  { held }: ChangeOptions,
  roles: readonly string[],
  allowed: readonly string[],
): void {
  if (held !== undefined && !sameTexts(roles, allowed)) assertMay(held, "roles:write");
}

/** @throws {PersonProblem} `forbidden`: another administrator must remain to undo it */
function assertOther(id: string, { by }: ChangeOptions, verb: string): void {
  if (by.actor === id) throw new PersonProblem(`you cannot ${verb} yourself`, "forbidden");
}

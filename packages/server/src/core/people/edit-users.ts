import { type AuditEvent, type AuditReason, eventOf } from "../audit-events.ts";
import { noticesTo } from "../mail/notices.ts";
import { changedUser, reasonsOf, sameTexts } from "./changed-user.ts";
import { assertNamesFree } from "./free-names.ts";
import { unknownPassword } from "./new-passwords.ts";
import { notAdded } from "./person-problem.ts";
import { assertFits, namesToAdd } from "./person-rules.ts";
import { assertMay } from "./powers.ts";
import type { ReadAndChange } from "./read-and-change.ts";
import { hashNewPassword } from "./set-passwords.ts";
import type { UserChangeParts } from "./user-change-parts.ts";
import type { ChangeOptions, UserChanges } from "./user-changes.ts";
import { addWithFreeId, firstId } from "./user-ids.ts";
import { recordOf } from "./users.ts";

/** New users, and new names, roles and marks of users. Sessions go on. */
export function createUserEdits(
  parts: UserChangeParts,
  { userOf, readAndChange }: ReadAndChange,
): Pick<UserChanges, "add" | "change"> {
  const { users, clock, notices } = parts;

  return {
    async add({ password = unknownPassword(), mustChange, emailVerified, ...person }, options, alongside) {
      assertMaySetRoles(options, person.roles, ["user"]);
      const names = namesToAdd(person);
      await assertNamesFree(users, person);
      const account = firstId(names.usernameKey);
      const passwordHash = await hashNewPassword(parts, password, person, options, account);
      const at = clock();
      const marks = { mustChangePassword: mustChange, emailVerifiedAt: emailVerified ? at : null };
      const { id, outcome } = await addWithFreeId(
        users,
        { ...names, ...marks, passwordHash },
        (subject) => eventOf("user.added", at, options.by, { subject }),
        alongside,
      );
      if (outcome !== "added") throw notAdded(person, outcome);
      return recordOf(await userOf(id));
    },

    change(id, change, options) {
      return readAndChange(id, options, "pinned", async (user, terms) => {
        const at = clock();
        const changed = changedUser(user, change, at);
        assertMaySetRoles(options, changed.roles, user.roles);
        const reasons = reasonsOf(user, changed);
        if (reasons.length === 0) return recordOf(user);
        if (reasons.some((reason) => reason === "name" || reason === "email" || reason === "roles"))
          assertFits(changed, id);
        await assertNamesFree(users, changed, id);
        const outdateLinks = reasons.includes("email");
        const content = { kind: "email_changed", at, newAddress: changed.email } as const;
        const mails = outdateLinks && notices !== undefined ? noticesTo(user, content, notices) : [];
        const events = reasons.map((reason) => changeEvent(id, at, options, reason));
        const outcome = await users.change(changed, events, { ...terms, mails, outdateLinks });
        if (outcome === "outdated") return false;
        if (outcome !== "changed") throw notAdded(changed, outcome);
        return recordOf(await userOf(id));
      });
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

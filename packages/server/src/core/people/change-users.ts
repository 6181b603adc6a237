import { eventOf } from "../audit-events.ts";
import { nameKeys } from "../passwords/account-names.ts";
import { createUserEdits } from "./edit-users.ts";
import { createUserEndings } from "./end-users.ts";
import { unknownUser } from "./person-problem.ts";
import { createReadAndChange } from "./read-and-change.ts";
import { searchUsers } from "./search-users.ts";
import { createPasswordSetting } from "./set-passwords.ts";
import type { UserChangeParts } from "./user-change-parts.ts";
import type { UserChanges } from "./user-changes.ts";
import { recordOf } from "./users.ts";

/** User administration by user id. */
export function createUserChanges(parts: UserChangeParts): UserChanges {
  const { users, userSearch, audit, clock } = parts;
  const reading = createReadAndChange(users);
  const { userOf, changeable } = reading;

  return {
    ...createUserEdits(parts, reading),
    ...createUserEndings(parts, reading),
    setPassword: createPasswordSetting(parts, reading),

    async byName(name) {
      const user = await users.byName(nameKeys(name));
      if (user === undefined) throw unknownUser(name);
      return recordOf(user);
    },
    byId: async (id) => recordOf(await userOf(id)),
    search: (query) => searchUsers(userSearch, query),

    async unlock(id, options) {
      await changeable(id, options);
      await audit.record(eventOf("user.unlocked", clock(), options.by, { subject: id }));
      await parts.forgetFailures(id);
    },

    async exportUser(id, options) {
      const user = await changeable(id, options);
      await audit.record(eventOf("user.exported", clock(), options.by, { subject: id }));
      return parts.exportUser(user);
    },
  };
}

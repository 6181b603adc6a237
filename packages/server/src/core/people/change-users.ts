import { eventOf } from "../audit-events.ts";
import { nameKeys } from "../passwords/account-names.ts";
import { createUserEdits } from "./edit-users.ts";
import { createUserEndings } from "./end-users.ts";
import { unknownUser } from "./person-problem.ts";
import { assertMayChange } from "./powers.ts";
import { createReadAndChange } from "./read-and-change.ts";
import { searchUsers } from "./search-users.ts";
import { createPasswordSetting } from "./set-passwords.ts";
import type { UserChangeParts } from "./user-change-parts.ts";
import type { UserChanges } from "./user-changes.ts";
import { administratorRole, recordOf } from "./users.ts";

/** User administration by user id. */
export function createUserChanges(parts: UserChangeParts): UserChanges {
  const { users, userSearch, erasures, audit, clock } = parts;
  const reading = createReadAndChange(users);
  const { userOf, readAndChange } = reading;

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
      await readAndChange(id, options, "if needed", (_, terms) =>
        users.record(id, eventOf("user.unlocked", clock(), options.by, { subject: id }), terms),
      );
      await parts.forgetFailures(id);
    },

    async exportUser(id, { by, held }) {
      const user = await users.byId(id);
      // The event would bring the id of an erased user back into the trail.
      if (user === undefined && !(await erasures.isRemoved(id))) throw unknownUser(id);
      // Nobody knows the roles of a removed user.
      if (held !== undefined) assertMayChange(held, user?.roles ?? [administratorRole]);
      await audit.record(eventOf("user.exported", clock(), by, { subject: id }));
      return parts.exportUser(user ?? { id });
    },
  };
}

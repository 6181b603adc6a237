import { eventOf } from "../audit-events.ts";
import { PersonProblem, unknownUser } from "./person-problem.ts";
import type { ReadAndChange } from "./read-and-change.ts";
import type { UserChangeParts } from "./user-change-parts.ts";
import type { ChangeOptions, UserChanges } from "./user-changes.ts";
import { recordOf } from "./users.ts";

/** The ends of users, for a time or for ever, and of their sessions. */
export function createUserEndings(
  { users, sessions, erasures, pseudonymOf, clock, refuseEnded }: UserChangeParts,
  { userOf, readAndChange }: ReadAndChange,
): Pick<UserChanges, "setActive" | "remove" | "erase" | "endSessions"> {
  return {
    async setActive(id, active, options) {
      if (!active) assertOther(id, options, "disable");
      const name = active ? "user.enabled" : "user.disabled";
      await readAndChange(id, options, "if needed", (_, terms) =>
        users.setActive(id, active, eventOf(name, clock(), options.by, { subject: id }), terms),
      );
      if (!active) await refuseEnded();
      return recordOf(await userOf(id));
    },

    async remove(id, options) {
      assertOther(id, options, "remove");
      await readAndChange(id, options, "if needed", (_, terms) =>
        users.remove(id, eventOf("user.removed", clock(), options.by, { subject: id }), terms),
      );
      await refuseEnded();
    },

    async erase(id, options) {
      assertOther(id, options, "erase");
      const pseudonym = await pseudonymOf(id);
      // The event must not name the erased user either.
      const event = () => eventOf("user.erased", clock(), options.by, { subject: pseudonym });
      if ((await users.byId(id)) === undefined) {
        if (!(await erasures.wasGiven(id))) throw unknownUser(id);
        await erasures.begin({ userId: id, pseudonym }, event());
        return pseudonym;
      }
      await readAndChange(id, options, "if needed", (_, terms) =>
        users.remove(id, event(), { ...terms, pseudonym }),
      );
      await refuseEnded();
      return pseudonym;
    },

    async endSessions(id, options) {
      const ended = await readAndChange(id, options, "if needed", async (_, { version }) => {
        const now = clock();
        const ending = await sessions.countLive(id, now);
        // Sessions that seem to have expired are ended too: this clock may be wrong.
        const about = { subject: id, reason: "administrator" } as const;
        const event = eventOf("sessions.ended", now, options.by, about);
        if (await sessions.endAll(id, event, { version })) return ending;
        const hadNone = version === undefined || (await userOf(id)).version === version;
        return hadNone && ending;
      });
      await refuseEnded();
      return ended;
    },
  };
}

/** @throws {PersonProblem} `forbidden`: another administrator must remain to undo it */
function assertOther(id: string, { by }: ChangeOptions, verb: string): void {
  if (by.actor === id) throw new PersonProblem(`you cannot ${verb} yourself`, "forbidden");
}

import { type Command, command } from "./command.ts";
import { json, limit, name, ofDatabase } from "./command-parts.ts";

/** The command about the audit trail. */
export const auditCommands: readonly Command[] = [
  command({
    name: "audit",
    meaning: "list audit events, newest first",
    argument: {
      ...name,
      meaning: "username, e-mail address, or the id of a user, also of one who was removed",
      optional: true,
    },
    options: {
      event: { value: "EVENT", meaning: "events of this name alone, such as login.failed", many: true },
      from: { value: "TIME", meaning: "events from this time on, such as 2026-03-01T12:30Z or 2h" },
      to: { value: "TIME", meaning: "events before this time" },
      ...json,
      limit,
      after: { value: "NUMBER", meaning: "events before the one with this number" },
    },
    settings: ofDatabase,
    example: "audit alice --event login.failed --from 2h",
    notes: [
      "Lists events that are about the user, and those that the user caused.",
      "2h means two hours ago. A time without a zone is in UTC.",
      "Events are in the order in which they were recorded. Times may run against it, because clocks of replicas differ.",
    ],
    load: async () => (await import("./audit.ts")).listAuditEvents,
  }),
];

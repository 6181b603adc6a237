import { auditEventNames } from "../core/audit-events.ts";
import { createEveryEvent, type RecordedEvent } from "../core/stories/recent-events.ts";
import { eventFields, rfc3339 } from "../core/wire-fields.ts";
import type { Given } from "./command.ts";
import { withDatabase } from "./database-access.ts";
import { readArgument, UsageProblem } from "./failures.ts";
import { printPages } from "./listing.ts";
import { hintOf, nearMiss } from "./near-miss.ts";
import { timeIn } from "./time-argument.ts";

type Options = "event" | "from" | "to" | "json" | "limit" | "after";

/** `latchkey audit`: prints audit events, newest first. */
export async function listAuditEvents(given: Given<Options>): Promise<void> {
  const { config, words, option, options } = given;
  const [user] = words;
  const now = Date.now();
  const [from, to] = [timeOf("from", option, now), timeOf("to", option, now)];
  if (from !== undefined && to !== undefined && from >= to)
    throw new UsageProblem("--from has to be earlier than --to, because no event lies between them");
  const names = options("event").length === 0 ? undefined : options("event").map(eventNameIn);
  const after = option("after");
  if (after !== undefined && !/^[1-9]\d{0,14}$/.test(after))
    throw new UsageProblem(`--after=${after}: expected the number of an event`);
  await withDatabase(config, async ({ store }) => {
    const everyEvent = createEveryEvent(store.users, store.events);
    await printPages<RecordedEvent, number>(given, {
      heading: ["NUMBER", "TIME", "EVENT", "SUBJECT", "ACTOR", "FROM", "REASON", "CLIENT", "RESOURCE"],
      cells: rowOf,
      fields: eventFields,
      after: after === undefined ? undefined : Number(after),
      async read(page) {
        const pages = everyEvent({ names, user, from, to, before: page.after, limit: page.limit });
        return (await Array.fromAsync(pages)).flat();
      },
      positionOf: ({ number }) => number,
      cursorOf: ({ number }) => String(number),
      whenEmpty: "no event was found",
    });
  });
}

function timeOf(name: "from" | "to", option: Given<"from" | "to">["option"], now: number) {
  const text = option(name);
  return text === undefined ? undefined : readArgument(`--${name}=${text}`, () => timeIn(text, now));
}

function eventNameIn(text: string) {
  const known = auditEventNames.find((name) => name === text);
  if (known !== undefined) return known;
  const near = hintOf(nearMiss(text, auditEventNames));
  throw new UsageProblem(`--event=${text}: ${near}expected a name such as login.failed`);
}

function rowOf(event: RecordedEvent): string[] {
  return [
    String(event.number),
    rfc3339(event.at),
    event.name,
    event.subject ?? "",
    event.actor ?? "",
    event.address,
    event.reason ?? "",
    event.client ?? "",
    event.resource ?? "",
  ];
}

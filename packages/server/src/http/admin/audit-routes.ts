import { Readable } from "node:stream";
import { auditEventNames } from "../../core/audit-events.ts";
import { isCalendarDay } from "../../core/calendar-day.ts";
import { type Issue, LatchkeyError } from "../../core/errors.ts";
import type { EveryEvent, RecentEvents, RecordedEvent } from "../../core/stories/recent-events.ts";
import { eventFields } from "../../core/wire-fields.ts";
import type { AuditEventAnswer } from "./admin-models.ts";
import { type AdminScope, adminMount, plain } from "./admin-scope.ts";
import { cursorsOf } from "./cursors.ts";
import { filterText, pageQuery } from "./openapi-admin.ts";

/** The stories of the audit trail. */
export interface AuditStories {
  readonly recentEvents: RecentEvents;
  readonly everyEvent: EveryEvent;
}

/** Not in the content of the document: a client that is generated from two media types has no type of either. */
const lines = "application/x-ndjson";

const time = (meaning: string) => ({
  type: "string",
  pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d{1,9})?)?(?:Z|[+-]\\d\\d:\\d\\d)$",
  description: `${meaning}: RFC 3339, such as 2026-01-31T09:00:00Z`,
});

const listEvents = {
  id: "list_audit_events",
  summary: "Read the audit trail",
  description:
    "Newest first, by number: the clocks of replicas differ, so times may run against this order. A page may have fewer " +
    `events than \`limit\`, or none, while \`next\` is there. With \`Accept: ${lines}\` the answer is every event that ` +
    "matches, one JSON object a line; `limit` and `cursor` are ignored then.",
  powers: ["audit:read"],
  query: {
    user: {
      ...filterText(256),
      description: "Events about this user, or caused by them: an id, a name or an address",
    },
    event: { ...filterText(1000), description: "Names of events, separated by commas" },
    from: time("The first moment"),
    to: time("The moment behind the last one"),
    ...pageQuery,
  },
  answer: {
    description: "A page of events, or all of them",
    model: "AdminAuditPage",
    example: {
      items: [{ number: 7, at: "2026-01-01T09:00:00.000Z", name: "login.succeeded", address: "203.0.113.7" }],
    },
  },
} as const;

interface Query {
  Querystring: {
    readonly user?: string;
    readonly event?: string;
    readonly from?: string;
    readonly to?: string;
    readonly limit?: string;
    readonly cursor?: string;
  };
}

/** Serves the audit trail. */
export function auditRoutes({ app }: AdminScope, { recentEvents, everyEvent }: AuditStories): void {
  app.get<Query>(`${adminMount}/audit`, plain(listEvents), async (request, reply) => {
    const { limit, cursor, ...given } = request.query;
    const filter = {
      user: given.user,
      names: given.event === undefined ? undefined : given.event.split(",").map(eventName),
      from: momentOf("from", given.from),
      to: momentOf("to", given.to),
    };
    if (request.headers.accept?.includes(lines))
      return reply.type(lines).send(Readable.from(linesOf(everyEvent(filter))));
    const cursors = cursorsOf("audit", given);
    const position = cursor === undefined ? undefined : cursors.read(cursor, "number");
    const { events, next } = await recentEvents({
      ...filter,
      limit: limit === undefined ? 100 : Number(limit),
      before: position && Number(position[0]),
    });
    return reply.send({
      items: events.map(eventFields) satisfies AuditEventAnswer[],
      ...(next !== undefined && { next: cursors.write([next]) }),
    });
  });
}

async function* linesOf(pages: AsyncIterable<readonly RecordedEvent[]>): AsyncGenerator<string, void> {
  for await (const events of pages)
    yield events.map((event) => `${JSON.stringify(eventFields(event))}\n`).join("");
}

function eventName(text: string) {
  const name = auditEventNames.find((one) => one === text.trim());
  if (name === undefined) throw broken("event", "Input is not the name of an event");
  return name;
}

function momentOf(field: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at) || !isCalendarDay(text.slice(0, 10))) throw broken(field, "Input is not a time");
  return at;
}

function broken(field: string, msg: string): LatchkeyError {
  const issue: Issue = { loc: ["query", field], msg, type: "value_error" };
  return new LatchkeyError("validation_error", { issues: [issue] });
}

import type { Clock } from "../clock.ts";
import type { AuditReader } from "../stories/recent-events.ts";
import { eventFields, rfc3339 } from "../wire-fields.ts";
import { type Trace, type TracedTable, tracedTables, type UserTraces } from "./user-traces.ts";
import { type LocalUser, recordOf } from "./users.ts";

/** The parts of the export. */
export interface ExportParts {
  readonly traces: UserTraces;
  readonly events: AuditReader;
  readonly clock: Clock;
}

/** Audit events that are in memory at once. */
const eventPage = 1000;

/** A user, or the id that is left of a removed one. */
export type Exported = LocalUser | { readonly id: string };

/**
 * Writes everything that Latchkey knows of a user: the row, sessions, consents, links, invitations that the user sent,
 * known addresses, failed passwords in a row and waiting mails. The audit events follow that have the user as subject or
 * actor. Hashes and secrets are left out. Memory holds one part of a table at a time, so it does not grow with the number
 * of sessions and events.
 */
export function createUserExport({ traces, events, clock }: ExportParts) {
  async function* rowsOf(table: TracedTable, userId: string): AsyncGenerator<object> {
    for (let after: string | undefined = ""; after !== undefined; ) {
      const page = await traces.read(table, userId, after);
      for (const trace of page.traces) yield written(trace);
      after = page.next;
    }
  }

  async function* eventsOf(user: string): AsyncGenerator<object> {
    for (let before: number | undefined = Number.MAX_SAFE_INTEGER; before !== undefined; ) {
      const page: Awaited<ReturnType<AuditReader["recent"]>> = await events.recent({
        user,
        before,
        limit: eventPage,
      });
      for (const event of page.events) yield eventFields(event);
      before = page.next;
    }
  }

  /** @returns the parts of one JSON text */
  return async function* exportUser(user: Exported): AsyncGenerator<string, void> {
    yield `{"exported_at":${JSON.stringify(rfc3339(clock()))},"user":${JSON.stringify("username" in user ? writtenUser(user) : user)}`;
    for (const table of tracedTables) yield* listOf(table, rowsOf(table, user.id));
    yield* listOf("audit_events", eventsOf(user.id));
    yield "}\n";
  };
}

async function* listOf(name: string, rows: AsyncIterable<object>): AsyncGenerator<string, void> {
  yield `,\n${JSON.stringify(name)}:[`;
  let separator = "\n";
  for await (const row of rows) {
    yield separator + JSON.stringify(row);
    separator = ",\n";
  }
  yield "]";
}

function writtenUser(user: LocalUser): object {
  const {
    displayName,
    createdAt,
    mustChangePassword,
    passwordChangedAt,
    lastLoginAt,
    emailVerifiedAt,
    ...rest
  } = recordOf(user);
  return {
    ...rest,
    display_name: displayName,
    must_change_password: mustChangePassword,
    ...times({
      created_at: createdAt,
      password_changed_at: passwordChangedAt,
      last_login_at: lastLoginAt,
      email_verified_at: emailVerifiedAt,
    }),
  };
}

function written({ details, roles, ...trace }: Trace): object {
  return {
    ...times(trace),
    ...(typeof roles === "string" && { roles: JSON.parse(roles) }),
    ...(typeof details === "string" && { details: JSON.parse(details) }),
  };
}

function times(fields: Trace): Trace {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      name.endsWith("_at") && typeof value === "number" ? rfc3339(value) : value,
    ]),
  );
}

import type { SessionAdministration } from "../../core/stories/session-administration.ts";
import { sessionAnswer } from "./admin-answers.ts";
import { type AdminScope, adminMount, plain } from "./admin-scope.ts";
import { cursorsOf } from "./cursors.ts";
import { filterText, pageQuery } from "./openapi-admin.ts";

/** The stories of sessions. */
export interface SessionStories {
  readonly sessions: SessionAdministration;
}

const example = {
  id: "4f0c…",
  user_id: "user:alice",
  opened_at: "2026-01-01T09:00:00.000Z",
  last_used_at: "2026-01-01T09:05:00.000Z",
  expires_at: "2026-01-31T09:05:00.000Z",
  address: "203.0.113.7",
};

const listSessions = {
  id: "list_sessions",
  summary: "List live sessions",
  powers: ["sessions:read"],
  query: {
    user: { ...filterText(256), description: "Sessions of the user with this id alone" },
    client: { ...filterText(1500), description: "Sessions of this OAuth client alone" },
    ...pageQuery,
  },
  answer: { description: "A page of sessions", model: "AdminSessionPage", example: { items: [example] } },
} as const;

const listUserSessions = {
  ...listSessions,
  id: "list_user_sessions",
  summary: "List the live sessions of a user",
  query: pageQuery,
} as const;

const showSession = {
  id: "show_session",
  summary: "Show a live session",
  powers: ["sessions:read"],
  answer: { description: "The session", model: "AdminSession", example },
} as const;

const endSession = {
  id: "end_session",
  summary: "End a session",
  powers: ["sessions:write"],
  answer: { description: "The session has ended", model: "AdminMessage", example: { message: "Ended" } },
  refusals: ["protected_account"],
} as const;

interface Filters {
  readonly user?: string;
  readonly client?: string;
}

interface Page {
  readonly limit?: string;
  readonly cursor?: string;
}

interface ById {
  Params: { readonly id: string };
}

/** Serves sessions. */
export function sessionRoutes({ app, callerOf }: AdminScope, { sessions }: SessionStories): void {
  app.get<{ Querystring: Filters & Page }>(
    `${adminMount}/sessions`,
    plain(listSessions),
    async (request, reply) => reply.send(await pageOf(sessions, request.query, request.query)),
  );

  app.get<ById>(`${adminMount}/sessions/:id`, plain(showSession), async (request, reply) =>
    reply.send(sessionAnswer(await sessions.find(request.params.id))),
  );

  app.delete<ById>(`${adminMount}/sessions/:id`, plain(endSession), async (request, reply) => {
    const { by, held } = callerOf(request);
    await sessions.end(request.params.id, held, by);
    return reply.send({ message: "Ended" });
  });
}

/** Serves the sessions of one user. */
export function userSessionRoute({ app }: AdminScope, { sessions }: SessionStories): void {
  app.get<ById & { Querystring: Page }>(
    `${adminMount}/users/:id/sessions`,
    plain(listUserSessions),
    async (request, reply) => {
      const { id } = request.params;
      await sessions.assertUser(id);
      return reply.send(await pageOf(sessions, { user: id }, request.query));
    },
  );
}

async function pageOf(sessions: SessionAdministration, filters: Filters, { limit, cursor }: Page) {
  const { user: userId, client: clientId } = filters;
  const cursors = cursorsOf("sessions", { userId, clientId });
  const after = cursor === undefined ? undefined : cursors.read(cursor, "string", "number", "string");
  const most = limit === undefined ? 100 : Number(limit);
  const found = await sessions.list({
    userId,
    clientId,
    after: after && { userId: String(after[0]), createdAt: Number(after[1]), id: String(after[2]) },
    // One more tells whether another page follows.
    limit: most + 1,
  });
  const items = found.slice(0, most);
  const last = found.length > most ? items.at(-1) : undefined;
  return {
    items: items.map(sessionAnswer),
    ...(last !== undefined && { next: cursors.write([last.userId, last.createdAt, last.id]) }),
  };
}

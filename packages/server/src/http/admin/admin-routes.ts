import type { FastifyError, FastifyInstance } from "fastify";
import type { LatchkeyError } from "../../core/errors.ts";
import { errorHandler, type LogSink } from "../error-answers.ts";
import { type AdminGuardParts, createAdminGuard } from "./admin-guard.ts";
import { type AdminResource, adminMetadataUrl } from "./admin-metadata.ts";
import { type AuditStories, auditRoutes } from "./audit-routes.ts";
import { type ClientStories, clientRoutes } from "./client-routes.ts";
import { type InvitationStories, invitationRoutes } from "./invitation-routes.ts";
import { type KeyStories, keyRoutes } from "./key-routes.ts";
import { refusalOf } from "./refused-changes.ts";
import { type ResourceStories, resourceRoutes } from "./resource-routes.ts";
import { type SessionStories, sessionRoutes, userSessionRoute } from "./session-routes.ts";
import { type UserStories, userRoutes } from "./user-routes.ts";

/** The stories of the administration. */
export interface AdminStories
  extends AdminGuardParts,
    AdminResource,
    AuditStories,
    ClientStories,
    KeyStories,
    ResourceStories,
    SessionStories {
  /** Undefined with an identity provider, which administers its own users. */
  readonly people: (UserStories & InvitationStories) | undefined;
  readonly log: LogSink;
}

/** Serves the administration under `/admin/v1`, to holders of the powers in `core/people/powers.ts`. */
export async function adminRoutes(app: FastifyInstance, stories: AdminStories): Promise<void> {
  const guard = createAdminGuard(stories);
  const answer = errorHandler(stories.log, { metadataUrl: (request) => adminMetadataUrl(stories, request) });
  await app.register(async (scope) => {
    scope.setErrorHandler((error: FastifyError | LatchkeyError, request, reply) =>
      answer(refusalOf(error) ?? error, request, reply),
    );
    scope.addHook("onRequest", guard.admit);
    const admitted = { app: scope, callerOf: guard.callerOf };
    if (stories.people !== undefined) {
      userRoutes(admitted, stories.people);
      invitationRoutes(admitted, stories.people);
      userSessionRoute(admitted, stories);
    }
    sessionRoutes(admitted, stories);
    auditRoutes(admitted, stories);
    keyRoutes(admitted, stories);
    clientRoutes(admitted, stories);
    resourceRoutes(admitted, stories);
  });
}

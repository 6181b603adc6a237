import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { LatchkeyError } from "../core/errors.ts";
import type { SessionPrincipal } from "../core/stories/current-user.ts";
import type { Session } from "../core/stories/sessions.ts";
import { sessionFields, userFields } from "../core/wire-fields.ts";
import { bearerOf, callerOf, waitingCallerOf } from "./caller.ts";
import { describeSelfService, type SelfServiceOperation } from "./openapi-self-service.ts";
import { languageOf } from "./pages/language.ts";
import { forgetContentType, readJson } from "./request-input.ts";
import type {
  EmailChangeRequest,
  ForgottenPasswordRequest,
  JoinRequest,
  LinkRequest,
  OwnSession,
  PasswordChangeRequest,
  PasswordResetRequest,
  SignUpRequest,
} from "./self-service-models.ts";
import { mounts, type SelfServiceOperations } from "./self-service-parts.ts";

/** Serves the own account as JSON, beside the four operations. */
export function selfServiceRoutes(app: FastifyInstance, operations: SelfServiceOperations): void {
  for (const mount of mounts) routesUnder(app, mount, operations);
}

function routesUnder(
  app: FastifyInstance,
  mount: string,
  { selfService, ownSessions, check, mailLanguage }: SelfServiceOperations,
): void {
  const readerOf = ({ headers }: FastifyRequest) => languageOf(headers["accept-language"], mailLanguage);
  const meOf = (request: FastifyRequest): Promise<SessionPrincipal> => check(bearerOf(request));

  /** The options of an operation with a JSON body. */
  const withBody = (operation: SelfServiceOperation) => ({
    schema: describeSelfService(mount, operation),
    preValidation: readJson,
  });
  const withoutBody = (operation: SelfServiceOperation) => ({
    schema: describeSelfService(mount, operation),
    onRequest: forgetContentType,
  });

  app.post<{ Body: PasswordChangeRequest }>(
    `${mount}/password`,
    withBody("changePassword"),
    async (request, reply) => {
      const me = await meOf(request);
      const { current_password, new_password, end_other_sessions = true } = request.body;
      const change = {
        currentPassword: current_password,
        newPassword: new_password,
        endOthers: end_other_sessions,
      };
      await selfService.changePassword(me, change, waitingCallerOf(request, reply), readerOf(request));
      return answer(reply, 200, { message: "The password is changed" });
    },
  );

  app.get(`${mount}/sessions`, withoutBody("listSessions"), async (request, reply) => {
    const me = await meOf(request);
    const { sessions, total } = await ownSessions.list(me);
    return answer(reply, 200, { sessions: sessions.map((session) => ownSession(session, me)), total });
  });

  app.delete<{ Params: { id: string } }>(
    `${mount}/sessions/:id`,
    withoutBody("endSession"),
    async (request, reply) => {
      const me = await meOf(request);
      const ended = await ownSessions.end(me, request.params.id, callerOf(request));
      if (!ended) throw new LatchkeyError("not_found", { reason: "no live session of this user" });
      return answer(reply, 200, { ended: 1 });
    },
  );

  app.delete<{ Querystring: { keep_current?: "true" | "false" } }>(
    `${mount}/sessions`,
    withoutBody("endSessions"),
    async (request, reply) => {
      const me = await meOf(request);
      const ended = await ownSessions.endAll(me, request.query.keep_current === "true", callerOf(request));
      return answer(reply, 200, { ended });
    },
  );

  app.post<{ Body: EmailChangeRequest }>(
    `${mount}/email`,
    withBody("changeEmail"),
    async (request, reply) => {
      const me = await meOf(request);
      const change = { email: request.body.email, currentPassword: request.body.current_password };
      await selfService.beginEmailChange(me, change, waitingCallerOf(request, reply), readerOf(request));
      return answer(reply, 202, { message: "A link was sent to the new address" });
    },
  );

  app.post(`${mount}/email/verify`, withoutBody("sendVerification"), async (request, reply) => {
    await selfService.sendVerification(await meOf(request), callerOf(request), readerOf(request));
    return answer(reply, 202, { message: "A link was sent to your address" });
  });

  app.post<{ Body: LinkRequest }>(
    `${mount}/email/confirm`,
    withBody("confirmEmail"),
    async (request, reply) => {
      const { link } = request.body;
      const { email } = await selfService.confirmEmail(link, callerOf(request), readerOf(request));
      return answer(reply, 200, { email });
    },
  );

  app.post<{ Body: ForgottenPasswordRequest }>(
    `${mount}/password/forgot`,
    withBody("forgotPassword"),
    async (request, reply) => {
      await selfService.forgotPassword(request.body.username, callerOf(request), readerOf(request));
      return answer(reply, 202, { message: "If this account exists, a link was sent to its e-mail address" });
    },
  );

  app.post<{ Body: PasswordResetRequest }>(
    `${mount}/password/reset`,
    withBody("resetPassword"),
    async (request, reply) => {
      const { link, new_password } = request.body;
      const caller = waitingCallerOf(request, reply);
      await selfService.resetPassword(link, new_password, caller, readerOf(request));
      return answer(reply, 200, { message: "The password is changed" });
    },
  );

  app.post<{ Body: SignUpRequest }>(`${mount}/sign-up`, withBody("signUp"), async (request, reply) => {
    await selfService.signUp(request.body.email, callerOf(request), readerOf(request));
    return answer(reply, 202, { message: "A mail was sent to this address" });
  });

  app.post<{ Body: JoinRequest }>(`${mount}/join`, withBody("join"), async (request, reply) => {
    const { link, username, password, display_name } = request.body;
    const joining = { username, password, displayName: display_name ?? null };
    const user = await selfService.join(link, joining, waitingCallerOf(request, reply));
    return answer(reply, 201, userFields(user));
  });
}

function answer(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply.code(status).type("application/json; charset=utf-8").send(JSON.stringify(body));
}

/** A session in the names of the wire. */
function ownSession(session: Session, { sessionId }: SessionPrincipal): OwnSession {
  return { ...sessionFields(session), current: session.id === sessionId };
}

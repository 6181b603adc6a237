import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { isAtLocalhost } from "../../core/mail/local-address.ts";
import type { MailLanguage } from "../../core/mail/mail-kinds.ts";
import type { PasswordResets } from "../../core/people/self-service.ts";
import type { ChangeOptions, UserChanges } from "../../core/people/user-changes.ts";
import type { UserRecord } from "../../core/people/users.ts";
import { userAnswer } from "./admin-answers.ts";
import type { AdminCaller } from "./admin-guard.ts";
import type { PasswordRequest, UserChangeRequest, UserRequest } from "./admin-requests.ts";
import { type AdminScope, adminMount, plain, withBody } from "./admin-scope.ts";
import { cursorsOf } from "./cursors.ts";
import { etagOf, expectedVersion } from "./etags.ts";
import type { CreateOnce } from "./idempotency-header.ts";
import * as operations from "./user-operations.ts";

/** The stories of users. */
export interface UserStories {
  readonly changes: UserChanges;
  readonly selfService: Pick<PasswordResets, "sendReset">;
  /** The language of mails that an administrator sends. */
  readonly language: MailLanguage;
  readonly createOnce: CreateOnce;
}

interface ById {
  Params: { readonly id: string };
}

interface Search {
  Querystring: {
    readonly search?: string;
    readonly role?: string;
    readonly status?: "active" | "disabled";
    readonly verified?: "true" | "false";
    readonly limit?: string;
    readonly cursor?: string;
  };
}

/** Serves users. */
export function userRoutes({ app, callerOf }: AdminScope, stories: UserStories): void {
  const { changes, selfService, language, createOnce } = stories;
  const users = `${adminMount}/users`;
  const one = `${users}/:id`;

  app.get<Search>(users, plain(operations.listUsers), async (request, reply) => {
    const { limit, cursor, ...filters } = request.query;
    const cursors = cursorsOf("users", filters);
    const after = cursor === undefined ? undefined : cursors.read(cursor, "number", "string", "string");
    const { search, role, status, verified } = filters;
    const { users: found, next } = await changes.search({
      search,
      role,
      active: status === undefined ? undefined : status === "active",
      verified: verified === undefined ? undefined : verified === "true",
      limit: limit === undefined ? 100 : Number(limit),
      after: after && { branch: Number(after[0]), key: String(after[1]), id: String(after[2]) },
    });
    return reply.send({
      items: found.map(userAnswer),
      ...(next !== undefined && { next: cursors.write([next.branch, next.key, next.id]) }),
    });
  });

  app.post<{ Body: UserRequest }>(users, withBody(operations.addUser), async (request, reply) => {
    const caller = callerOf(request);
    const { username, email, display_name: displayName = null, roles = ["user"], password } = request.body;
    const { email_verified: emailVerified, must_change_password: mustChange } = request.body;
    const person = { username, email, displayName, roles, password, emailVerified, mustChange };
    return createOnce(request, reply, caller, async () => {
      const user = await changes.add(person, caller);
      return { status: 201, body: userAnswer(user), etag: etagOf(user.version) };
    });
  });

  app.get<ById>(one, plain(operations.showUser), async (request, reply) =>
    sendUser(reply, await changes.byId(request.params.id)),
  );

  app.patch<ById & { Body: UserChangeRequest }>(
    one,
    withBody(operations.changeUser),
    async (request, reply) => {
      const { username, email, display_name: displayName, roles } = request.body;
      const { email_verified: emailVerified, must_change_password: mustChange } = request.body;
      const change = { username, email, displayName, roles, emailVerified, mustChange };
      return sendUser(reply, await changes.change(request.params.id, change, await termsOf(request)));
    },
  );

  app.put<ById & { Body: PasswordRequest }>(
    `${one}/password`,
    withBody(operations.setPassword),
    async (request, reply) => {
      const { password, must_change_password: mustChange } = request.body;
      const terms = { ...(await termsOf(request)), mustChange };
      return sendUser(reply, await changes.setPassword(request.params.id, password, terms));
    },
  );

  for (const [verb, active, operation] of [
    ["disable", false, operations.disableUser],
    ["enable", true, operations.enableUser],
  ] as const)
    app.post<ById>(`${one}/${verb}`, plain(operation), async (request, reply) =>
      sendUser(reply, await changes.setActive(request.params.id, active, await termsOf(request))),
    );

  app.post<ById>(`${one}/unlock`, plain(operations.unlockUser), async (request, reply) => {
    await changes.unlock(request.params.id, await termsOf(request));
    return sendUser(reply, await changes.byId(request.params.id));
  });

  app.delete<ById>(one, plain(operations.removeUser), async (request, reply) => {
    await changes.remove(request.params.id, await termsOf(request));
    return reply.send({ message: "Removed" });
  });

  app.post<ById>(`${one}/erase`, plain(operations.eraseUser), async (request, reply) => {
    const pseudonym = await changes.erase(request.params.id, await termsOf(request));
    return reply.send({ message: `Erased: the audit trail names ${pseudonym} instead` });
  });

  app.post<ById>(`${one}/reset`, plain(operations.resetPassword), async (request, reply) => {
    const { email } = await changes.byId(request.params.id);
    await selfService.sendReset(request.params.id, await termsOf(request), language);
    const warning = isAtLocalhost(email)
      ? ". Its address is at localhost, for which no mail server of another machine takes mails"
      : "";
    return reply.code(202).send({ message: `A mail with a link is on its way${warning}` });
  });

  app.delete<ById>(`${one}/sessions`, plain(operations.endUserSessions), async (request, reply) =>
    reply.send({ ended: await changes.endSessions(request.params.id, await termsOf(request)) }),
  );

  app.get<ById>(`${one}/export`, plain(operations.exportUser), async (request, reply) => {
    const parts = await changes.exportUser(request.params.id, callerOf(request));
    return reply.type("application/json; charset=utf-8").send(Readable.from(parts));
  });

  /** The caller, and the version that `If-Match` asks for. */
  async function termsOf(request: FastifyRequest<ById>): Promise<AdminCaller & ChangeOptions> {
    const caller = callerOf(request);
    const header = request.headers["if-match"];
    if (header === undefined) return caller;
    const { version } = await changes.byId(request.params.id);
    return { ...caller, expectedVersion: expectedVersion(header, version) };
  }
}

function sendUser(reply: FastifyReply, user: UserRecord): FastifyReply {
  return reply.header("etag", etagOf(user.version)).send(userAnswer(user));
}

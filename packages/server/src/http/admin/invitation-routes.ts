import type { MailLanguage } from "../../core/mail/mail-kinds.ts";
import { assertMayInvite } from "../../core/people/powers.ts";
import type { Invitations } from "../../core/people/self-service.ts";
import { invitationAnswer } from "./admin-answers.ts";
import type { InvitationRequest } from "./admin-requests.ts";
import { type AdminScope, adminMount, plain, withBody } from "./admin-scope.ts";
import { type PageQuery, pageById } from "./cursors.ts";
import type { CreateOnce } from "./idempotency-header.ts";
import { idempotencyKey, pageQuery } from "./openapi-admin.ts";

/** The stories of invitations. */
export interface InvitationStories {
  readonly selfService: Invitations;
  /** The language of mails that an administrator sends. */
  readonly language: MailLanguage;
  readonly createOnce: CreateOnce;
}

const example = {
  id: "0KfQ8mXw2pZt1vLr7sNc3A",
  email: "bob@example.com",
  roles: ["user"],
  invited_by: "user:alice",
  created_at: "2026-01-01T09:00:00.000Z",
  expires_at: "2026-01-08T09:00:00.000Z",
};

const listInvitations = {
  id: "list_invitations",
  summary: "List invitations that were not used yet",
  description: "Also those that do not work now, because their inviter lacks a power.",
  powers: ["users:read"],
  query: pageQuery,
  answer: {
    description: "A page of invitations",
    model: "AdminInvitationPage",
    example: { items: [example] },
  },
} as const;

const invite = {
  id: "invite",
  summary: "Invite a person by mail",
  description:
    "The mail has a link to make an account. It works as long as its inviter has the powers to invite: `users:write`, " +
    "and `roles:write` for other roles than `user`. A mailbox gets five invitations an hour. Without mail, or with LATCHKEY_SIGN_UP=off, this gets 404.",
  powers: ["users:write"],
  body: "AdminInvitationRequest",
  issue: { loc: ["body", "email"], msg: "Field required", type: "missing" },
  headers: idempotencyKey,
  answer: { status: 202, description: "The mail is in the outbox", model: "AdminInvitation", example },
  refusals: ["email_taken", "request_in_progress", "idempotency_key_reused", "rate_limited"],
} as const;

const withdrawInvitation = {
  id: "withdraw_invitation",
  summary: "Withdraw an invitation",
  description:
    "Its link is invalid at once. Its mail is not sent if it still waits. One to other roles than `user` needs `roles:write` too.",
  powers: ["users:write"],
  answer: {
    description: "The invitation has ended",
    model: "AdminMessage",
    example: { message: "Withdrawn" },
  },
} as const;

/** Serves invitations. */
export function invitationRoutes({ app, callerOf }: AdminScope, stories: InvitationStories): void {
  const { selfService, language, createOnce } = stories;
  const all = `${adminMount}/invitations`;

  app.get<{ Querystring: PageQuery }>(all, plain(listInvitations), async (request, reply) => {
    const { items, ...rest } = await pageById("invitations", request.query, selfService.invitations);
    return reply.send({ items: items.map(invitationAnswer), ...rest });
  });

  app.post<{ Body: InvitationRequest }>(all, withBody(invite), async (request, reply) => {
    const caller = callerOf(request);
    const { email, roles = ["user"] } = request.body;
    assertMayInvite(caller.held, roles);
    return createOnce(request, reply, caller, async () => {
      const invitation = await selfService.invite(email, roles, caller, language);
      return { status: 202, body: invitationAnswer(invitation) };
    });
  });

  app.delete<{ Params: { readonly id: string } }>(
    `${all}/:id`,
    plain(withdrawInvitation),
    async (request, reply) => {
      await selfService.withdrawInvitation(request.params.id, callerOf(request));
      return reply.send({ message: "Withdrawn" });
    },
  );
}

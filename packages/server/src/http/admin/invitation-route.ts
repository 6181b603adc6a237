import type { MailLanguage } from "../../core/mail/mail-kinds.ts";
import { assertMayInvite } from "../../core/people/powers.ts";
import type { Invitations } from "../../core/people/self-service.ts";
import { rfc3339 } from "../../core/wire-fields.ts";
import type { InvitationRequest } from "./admin-requests.ts";
import { type AdminScope, adminMount, withBody } from "./admin-scope.ts";
import type { CreateOnce } from "./idempotency-header.ts";
import { idempotencyKey } from "./openapi-admin.ts";

/** The stories of invitations. */
export interface InvitationStories {
  readonly selfService: Pick<Invitations, "invite">;
  /** The language of mails that an administrator sends. */
  readonly language: MailLanguage;
  readonly createOnce: CreateOnce;
}

const invite = {
  id: "invite",
  summary: "Invite a person by mail",
  description:
    "The mail has a link to make an account. Without mail, or with LATCHKEY_SIGN_UP=off, this gets 404.",
  powers: ["users:write"],
  body: "AdminInvitationRequest",
  issue: { loc: ["body", "email"], msg: "Field required", type: "missing" },
  headers: idempotencyKey,
  answer: {
    status: 202,
    description: "The mail is in the outbox",
    model: "AdminInvitation",
    example: { email: "bob@example.com", expires_at: "2026-01-08T09:00:00.000Z" },
  },
  refusals: ["email_taken", "request_in_progress", "idempotency_key_reused"],
} as const;

/** Serves invitations. */
export function invitationRoute({ app, callerOf }: AdminScope, stories: InvitationStories): void {
  const { selfService, language, createOnce } = stories;
  app.post<{ Body: InvitationRequest }>(
    `${adminMount}/invitations`,
    withBody(invite),
    async (request, reply) => {
      const caller = callerOf(request);
      const { email, roles = ["user"] } = request.body;
      assertMayInvite(caller.held, roles);
      return createOnce(request, reply, caller, async () => {
        const { expiresAt } = await selfService.invite(email, roles, caller, language);
        return { status: 202, body: { email, expires_at: rfc3339(expiresAt) } };
      });
    },
  );
}

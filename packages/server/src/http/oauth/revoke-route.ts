import type { FastifyInstance } from "fastify";
import type { AuthenticateClient } from "../../core/oauth/client-authentication.ts";
import type { RevokeToken } from "../../core/stories/revoke-token.ts";
import { callerOf } from "../caller.ts";
import { type Form, readForm, required } from "./form-body.ts";
import { describeRevoke } from "./openapi-oauth.ts";
import { sentCredentials } from "./sent-credentials.ts";

/** The stories of the revocation endpoint. */
export interface RevokeOperations {
  readonly authenticateClient: AuthenticateClient;
  readonly revokeToken: RevokeToken;
}

/**
 * Serves the revocation endpoint (RFC 7009). `token_type_hint` is ignored, because a token shows its own type. The answer
 * reveals nothing about the token.
 */
export function revokeRoute(app: FastifyInstance, operations: RevokeOperations): void {
  app.post<{ Body: Form }>(
    "/oauth/revoke",
    { schema: describeRevoke, preValidation: readForm },
    async (request, reply) => {
      const form = request.body;
      const caller = callerOf(request);
      const token = required(form, "token");
      const client = await operations.authenticateClient(sentCredentials(request, form), caller);
      await operations.revokeToken(token, client.id, caller);
      return reply.send({});
    },
  );
}

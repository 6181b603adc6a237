import type { FastifyInstance, FastifyReply } from "fastify";
import type { Caller } from "../../core/audit-events.ts";
import { LatchkeyError } from "../../core/errors.ts";
import { type Client, type GrantType, grantTypes } from "../../core/oauth/client.ts";
import type { AuthenticateClient } from "../../core/oauth/client-authentication.ts";
import type { ClientToken } from "../../core/stories/client-credentials.ts";
import type { Redeem } from "../../core/stories/redeem.ts";
import type { Refresh } from "../../core/stories/refresh.ts";
import { callerOf } from "../caller.ts";
import { type Form, readForm, required } from "./form-body.ts";
import type { TokenResponse } from "./oauth-models.ts";
import { describeToken } from "./openapi-oauth.ts";
import { sentCredentials } from "./sent-credentials.ts";

/** The stories of the token endpoint. */
export interface TokenOperations {
  readonly authenticateClient: AuthenticateClient;
  readonly redeem: Redeem;
  readonly refresh: Refresh;
  readonly clientToken: ClientToken;
}

/** The tokens for a client. */
interface IssuedTokens {
  readonly accessToken: string;
  readonly expiresIn: number;
  readonly refreshToken?: string | undefined;
  readonly scope?: string | undefined;
}

type Issue = (form: Form, client: Client, caller: Caller) => Promise<IssuedTokens>;

/** Serves the token endpoint (RFC 6749 §3.2). */
export function tokenRoute(app: FastifyInstance, operations: TokenOperations): void {
  const issueBy: Readonly<Record<GrantType, Issue>> = {
    authorization_code: (form, client, caller) =>
      operations.redeem(
        {
          code: required(form, "code"),
          // OAuth 2.1 leaves it out.
          redirectUri: form.get("redirect_uri"),
          verifier: required(form, "code_verifier"),
          resource: form.get("resource"),
        },
        client,
        caller,
      ),
    refresh_token: (form, client, caller) =>
      operations.refresh({ refreshToken: required(form, "refresh_token") }, caller, {
        clientId: client.id,
        scope: form.get("scope"),
        resource: form.get("resource"),
      }),
    client_credentials: (form, client, caller) =>
      operations.clientToken({ scope: form.get("scope"), resource: form.get("resource") }, client, caller),
  };

  app.post<{ Body: Form }>(
    "/oauth/token",
    { schema: describeToken, preValidation: readForm },
    async (request, reply) => {
      const form = request.body;
      const caller = callerOf(request);
      const grantType = grantTypeIn(form);
      const client = await operations.authenticateClient(sentCredentials(request, form), caller);
      if (!client.grantTypes.includes(grantType)) throw new LatchkeyError("unauthorized_client");
      return answer(reply, await issueBy[grantType](form, client, caller));
    },
  );
}

function grantTypeIn(form: Form): GrantType {
  const sent = required(form, "grant_type");
  const known = grantTypes.find((one) => one === sent);
  if (known === undefined) throw new LatchkeyError("unsupported_grant_type");
  return known;
}

/** RFC 6749 §5.1. The scope is always there: it may be narrower than the one that was asked for. */
function answer(reply: FastifyReply, issued: IssuedTokens): FastifyReply {
  const { accessToken, expiresIn, refreshToken, scope = "" } = issued;
  return reply.send({
    access_token: accessToken,
    token_type: "Bearer",
    expires_in: announced(expiresIn),
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    scope,
  } satisfies TokenResponse);
}

/** Seconds by which a client shall refresh early. */
const earlier = 10;

/**
 * A client counts from the receipt of the answer, but `exp` from a whole second before the token was issued. Some
 * clients begin a whole new sign-in if a token has expired that they still count as valid. So the answer names ten
 * seconds less than the token has, and at most half.
 */
function announced(expiresIn: number): number {
  return expiresIn - Math.min(earlier, Math.ceil(expiresIn / 2));
}

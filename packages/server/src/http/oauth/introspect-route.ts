import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Introspect } from "../../core/stories/introspect.ts";
import { type AccessKeys, keyCheck } from "../access-keys.ts";
import { bearerOf } from "../caller.ts";
import { basicOf } from "./basic-credentials.ts";
import { type Form, readForm, required } from "./form-body.ts";
import { describeIntrospect } from "./openapi-oauth.ts";

/** The story of the introspection endpoint, and the keys of guards. */
export interface IntrospectOptions extends AccessKeys {
  readonly introspect: Introspect;
}

/**
 * Serves the introspection endpoint (RFC 7662) to resource servers that verify no JWTs. They authenticate with a guard
 * key, as a bearer or as the password of Basic, because many libraries know Basic alone.
 */
export function introspectRoute(app: FastifyInstance, options: IntrospectOptions): void {
  const onRequest = keyCheck("invalid_guard_key", options, guardKeyOf);
  app.post<{ Body: Form }>(
    "/oauth/introspect",
    { schema: describeIntrospect(options), onRequest, preValidation: readForm },
    async (request, reply) => {
      const found = await options.introspect(required(request.body, "token"));
      return reply.send(
        found === undefined ? { active: false } : { active: true, token_type: "Bearer", ...found },
      );
    },
  );
}

function guardKeyOf(request: FastifyRequest): string | undefined {
  return bearerOf(request) ?? basicOf(request)?.password;
}

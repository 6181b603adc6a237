import type { FastifyInstance, FastifyRequest } from "fastify";
import { LatchkeyError } from "../../core/errors.ts";
import type { RegisterClient } from "../../core/stories/register-client.ts";
import { callerOf } from "../caller.ts";
import { readJson } from "../request-input.ts";
import { describeRegister } from "./openapi-oauth.ts";

/** Serves the registration endpoint (RFC 7591). It stores nothing, so a flood of registrations fills nothing. */
export function registerRoute(app: FastifyInstance, registerClient: RegisterClient): void {
  app.post(
    "/oauth/register",
    { schema: describeRegister, preValidation: readMetadata },
    async (request, reply) => {
      const registration = await registerClient(request.body, callerOf(request));
      return reply.code(201).send(registration);
    },
  );
}

/** @throws {LatchkeyError} `invalid_client_metadata` if the body is not JSON (RFC 7591 §3.2.2) */
async function readMetadata(request: FastifyRequest): Promise<void> {
  try {
    await readJson(request);
  } catch (error) {
    if (!(error instanceof LatchkeyError) || error.code !== "bad_request") throw error;
    const fault = "send a JSON object with Content-Type: application/json";
    throw new LatchkeyError("invalid_client_metadata", { fault });
  }
}

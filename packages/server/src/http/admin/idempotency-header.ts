import type { FastifyReply, FastifyRequest } from "fastify";
import { LatchkeyError } from "../../core/errors.ts";
import type { Once } from "../../core/idempotency.ts";
import type { AdminCaller } from "./admin-guard.ts";

/** A key of the caller's choice: printable ASCII, with or without quotes. */
const form = /^[\x20-\x7e]{1,255}$/;

/** Answers a creating request with 201, and a repeat under its key with the same body. */
export type CreateOnce = (
  request: FastifyRequest,
  reply: FastifyReply,
  caller: AdminCaller,
  create: () => Promise<CreatedAnswer>,
) => Promise<FastifyReply>;

/** The answer of a creating request. */
interface CreatedAnswer {
  readonly status: 201 | 202;
  readonly body: object;
  readonly etag?: string;
}

/**
 * Reads `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header). Without one, each request creates something.
 */
export function createOnceByHeader(once: Once): CreateOnce {
  return async function createByHeader(request, reply, caller, create) {
    const key = request.headers["idempotency-key"];
    if (key === undefined) return send(reply, await create());
    if (typeof key !== "string" || !form.test(key)) throw malformedKey();
    const { method, routeOptions } = request;
    const answer = await once(
      {
        caller: JSON.stringify([caller.by.actor, caller.by.client ?? ""]),
        operation: `${method} ${routeOptions.url}`,
        key,
        body: Buffer.from(JSON.stringify(request.body)),
      },
      async () => JSON.stringify(await create()),
    );
    const first: CreatedAnswer = JSON.parse(answer);
    return send(reply, first);
  };
}

function send(reply: FastifyReply, { status, body, etag }: CreatedAnswer): FastifyReply {
  if (etag !== undefined) reply.header("etag", etag);
  return reply.code(status).send(body);
}

function malformedKey(): LatchkeyError {
  const msg = "Input should have 1 to 255 printable ASCII characters";
  const issue = { loc: ["header", "idempotency-key"], msg, type: "string_pattern_mismatch" };
  return new LatchkeyError("validation_error", { issues: [issue] });
}

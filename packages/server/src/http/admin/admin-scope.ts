import type { FastifyInstance, FastifyRequest, FastifySchema } from "fastify";
import type { Power } from "../../core/people/powers.ts";
import { forgetContentType, readJson } from "../request-input.ts";
import type { AdminCaller } from "./admin-guard.ts";
import { type AdminOperation, describeAdmin } from "./openapi-admin.ts";

/** The scope of the administration's routes. Each request in it was admitted. */
export interface AdminScope {
  readonly app: FastifyInstance;
  /** The caller of an admitted request. */
  readonly callerOf: (request: FastifyRequest) => AdminCaller;
}

/** The prefix of every route. */
export const adminMount = "/admin/v1";

/** An operation without a body. A body that is sent is ignored, whatever its content type. */
export function plain(operation: AdminOperation) {
  return { ...checked(operation), onRequest: forgetContentType };
}

/** An operation with a JSON body. */
export function withBody(operation: AdminOperation & { readonly body: string }) {
  return { ...checked(operation), preValidation: readJson };
}

function checked(operation: AdminOperation): {
  readonly schema: FastifySchema;
  readonly config: { readonly powers: readonly Power[] };
  readonly exposeHeadRoute: false;
} {
  // A HEAD would run the whole reading, and an export is long.
  return {
    schema: describeAdmin(operation),
    config: { powers: operation.powers },
    exposeHeadRoute: false,
  };
}

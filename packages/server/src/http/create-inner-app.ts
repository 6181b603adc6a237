import type { IncomingMessage } from "node:http";
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import type { ErrorCode, LatchkeyError } from "../core/errors.ts";
import { takeBodiesAsBytes } from "./request-input.ts";
import { requestRules } from "./request-rules.ts";
import { refuseUnrouted } from "./routing.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The same request at the outer app, if this is an inner one. */
    readonly outer?: FastifyRequest;
  }
}

/** An error that is answered. */
export type Refusal = FastifyError | LatchkeyError;

/** A request at the outer app. */
export interface Outer {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** The refusal of a hook of the outer app. */
  readonly refusal: Refusal | undefined;
}

/** An app that reads and refuses requests as the outer one does, and notes its refusals there. */
export function createInnerApp(
  app: FastifyInstance,
  outers: WeakMap<IncomingMessage, Outer>,
): FastifyInstance {
  const outerOf = (raw: IncomingMessage): Outer => outers.get(raw) ?? unknownRequest();
  const inner = Fastify({ ...requestRules, genReqId: (raw) => outerOf(raw).request.id });
  // An inner app becomes ready after the outer one, which has the models.
  inner.setValidatorCompiler((route) => (app.validatorCompiler ?? unready())(route));
  takeBodiesAsBytes(inner);
  refuseUnrouted(inner);
  inner.decorate("operatorSite", app.operatorSite);
  inner.decorateRequest("outer", {
    getter() {
      return outerOf(this.raw).request;
    },
  });
  inner.decorateRequest("clientAddress", {
    getter() {
      return outerOf(this.raw).request.clientAddress;
    },
  });
  inner.decorateReply("refusal", {
    getter() {
      return outerOf(this.request.raw).reply.refusal;
    },
    setter(code: ErrorCode | null) {
      outerOf(this.request.raw).reply.refusal = code;
    },
  });
  inner.addHook("onRequest", (request, reply, done) => {
    const { reply: outer, refusal } = outerOf(request.raw);
    for (const [name, value] of Object.entries(outer.getHeaders())) {
      if (value !== undefined) reply.header(name, value);
    }
    done(refusal);
  });
  return inner;
}

function unready(): never {
  throw new Error("the outer app is not ready");
}

function unknownRequest(): never {
  throw new Error("the request did not come from the outer app");
}

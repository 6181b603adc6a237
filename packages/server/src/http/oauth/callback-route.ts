import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { LatchkeyError } from "../../core/errors.ts";
import type { Broker, BrokerOutcome } from "../../core/oauth/broker.ts";
import { callerOf } from "../caller.ts";
import { type LogSink, toLatchkeyError } from "../error-answers.ts";
import { readerLanguage } from "../pages/page-answer.ts";
import { AuthorizePages } from "./authorize-pages.ts";
import { failedSignIn } from "./failed-sign-in.ts";
import { removedCookie } from "./sign-in-cookie.ts";

/** The parts behind the callback of the identity provider. */
export interface CallbackParts {
  /** The public URL of this server. */
  readonly issuer: string;
  readonly broker: Broker;
  readonly log: LogSink;
}

/**
 * Receives the identity provider's answer (RFC 6749 §4.1.2) and leads the browser to the client. A repeat finds no
 * cookie, so the provider never sees its code twice: Keycloak ends a session for that.
 */
export function callbackRoute(app: FastifyInstance, { issuer, broker, log }: CallbackParts): void {
  const pages = new AuthorizePages(issuer, { log, provider: broker.provider });

  app.register(async (scope) => {
    scope.setErrorHandler((error: FastifyError | LatchkeyError, _request, reply) =>
      pages.refuse(reply, toLatchkeyError(error)),
    );
    // HEAD would finish the sign-in, and its answer has no page.
    const options = { schema: { hide: true }, exposeHeadRoute: false };
    scope.get("/oauth/callback", options, async (request, reply) => {
      const query = queryOf(request);
      const { cookie: cookies } = request.headers;
      const name = broker.cookieOf(query);
      try {
        const outcome = await broker.finish({ query, cookies }, callerOf(request));
        if (name !== undefined) reply.header("set-cookie", removedCookie(issuer, name));
        return answer(reply, outcome);
      } catch (error) {
        // Nothing was asked of the provider yet, so the same answer can be tried again.
        const mayRepeat = error instanceof LatchkeyError && error.status === 503;
        if (name !== undefined && !mayRepeat) reply.header("set-cookie", removedCookie(issuer, name));
        throw error;
      }
    });
  });

  function answer(reply: FastifyReply, outcome: BrokerOutcome): Promise<FastifyReply> | FastifyReply {
    switch (outcome.outcome) {
      case "granted":
        return pages.goOn(reply, outcome.request, { code: outcome.code });
      case "refused":
        pages.note(reply, outcome.refusal);
        return pages.goOn(reply, outcome.request, { refusal: outcome.refusal });
      case "unavailable": {
        const { request, query, refusal } = outcome;
        pages.note(reply, refusal);
        const failed = failedSignIn(readerLanguage(reply.request), refusal, "");
        // The form leads back to the start of the sign-in, not to this address.
        const action = `${issuer}/oauth/authorize?${query}`;
        return pages.ask(reply, request, { failed, status: refusal.status, action });
      }
      case "invalid":
        return pages.turnAway(reply, outcome.check, { mayRedirect: true });
    }
  }
}

function queryOf({ url }: FastifyRequest): string {
  const at = url.indexOf("?");
  return at === -1 ? "" : url.slice(at + 1);
}

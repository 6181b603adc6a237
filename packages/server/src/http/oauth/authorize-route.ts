import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { LatchkeyError } from "../../core/errors.ts";
import type { AuthorizationRequest } from "../../core/oauth/authorization-request.ts";
import type { Broker } from "../../core/oauth/broker.ts";
import { callerOf } from "../caller.ts";
import { toLatchkeyError } from "../error-answers.ts";
import { isOtherLoopbackName } from "../hosts.ts";
import { accountLinks } from "../pages/account-links.ts";
import { readerLanguage } from "../pages/page-answer.ts";
import { createAllow } from "./allow-request.ts";
import { AuthorizePages } from "./authorize-pages.ts";
import type { AuthorizePageParts } from "./authorize-parts.ts";
import { failedSignIn } from "./failed-sign-in.ts";
import { type Form, readForm } from "./form-body.ts";
import { isOwnForm } from "./own-form.ts";
import { removedCookie, signInCookie } from "./sign-in-cookie.ts";
import { signInFormOf } from "./sign-in-form.ts";

/**
 * Serves the authorization endpoint (RFC 6749 §3.1): the sign-in page and its form. GET changes nothing. The form is
 * posted to the same address and the query is checked again, so any copy of the page works.
 */
export function authorizeRoutes(app: FastifyInstance, parts: AuthorizePageParts): void {
  const { issuer, checkRequest, authorize, deny, broker, ownAccount, steady, log } = parts;
  const address = new URL(issuer);
  const links = ownAccount?.pages ? accountLinks(issuer, ownAccount.selfService) : undefined;
  const pages = new AuthorizePages(issuer, { log, links, provider: broker?.provider });
  const allow = createAllow({ pages, authorize, ownAccount, steady });

  app.register(async (scope) => {
    const options = { schema: { hide: true } };
    scope.setErrorHandler((error: FastifyError | LatchkeyError, _request, reply) =>
      pages.refuse(reply, toLatchkeyError(error)),
    );

    scope.get("/oauth/authorize", options, async (request, reply) => {
      // The form would be refused there, after the person has typed a password.
      if (isOtherLoopbackName(request.headers.host, address)) return pages.goToIssuer(reply);
      const check = await checkRequest(queryOf(request), callerOf(request));
      if (check.outcome !== "valid") return pages.turnAway(reply, check, { mayRedirect: true });
      return pages.ask(reply, check.request);
    });

    // Without it the preflight of LATCHKEY_CORS_ORIGINS would answer.
    scope.options("/oauth/authorize", options, (_request, reply) => reply.callNotFound());

    const onRequest = async (request: FastifyRequest) => {
      if (!isOwnForm(request, address.origin)) throw new LatchkeyError("forbidden_origin");
    };
    const formOptions = { ...options, onRequest, preValidation: readForm };
    scope.post<{ Body: Form }>("/oauth/authorize", formOptions, async (request, reply) => {
      const check = await checkRequest(queryOf(request), callerOf(request));
      if (check.outcome !== "valid") return pages.turnAway(reply, check, { mayRedirect: false });
      const form = signInFormOf(request.body);
      if (form.decision === "allow") {
        return broker === undefined
          ? allow(request, reply, check.request, form, request.body)
          : begin(broker, request, reply, check.request);
      }
      await deny(check.request, callerOf(request));
      return pages.goOn(reply, check.request, { refusal: new LatchkeyError("access_denied") });
    });
  });

  /** Begins a sign-in at the identity provider. */
  async function begin(
    { provider, begin }: Broker,
    request: FastifyRequest,
    reply: FastifyReply,
    asked: AuthorizationRequest,
  ): Promise<FastifyReply> {
    try {
      const { cookie: cookies } = request.headers;
      const { location, cookie, surplus } = await begin(asked, queryOf(request).toString(), cookies);
      const removed = surplus.map((name) => removedCookie(issuer, name));
      reply.header("set-cookie", [...removed, signInCookie(issuer, cookie)]);
      return pages.goToProvider(reply, provider, location);
    } catch (error) {
      const failed = failedSignIn(readerLanguage(request), error, "");
      if (failed !== undefined) {
        pages.note(reply, failed.refusal);
        return pages.ask(reply, asked, { failed, status: failed.refusal.status });
      }
      if (!(error instanceof LatchkeyError) || error.code !== "invalid_request") throw error;
      pages.note(reply, error);
      return pages.goOn(reply, asked, { refusal: error });
    }
  }
}

function queryOf({ url }: FastifyRequest): URLSearchParams {
  const at = url.indexOf("?");
  return new URLSearchParams(at === -1 ? "" : url.slice(at));
}

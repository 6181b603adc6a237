import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { LatchkeyError } from "../../core/errors.ts";
import type { AuthorizationRequest, CheckRequest } from "../../core/oauth/authorization-request.ts";
import type { Broker } from "../../core/oauth/broker.ts";
import type { SelfService } from "../../core/people/self-service.ts";
import type { Authorize, Deny } from "../../core/stories/authorize.ts";
import type { Credentials } from "../../core/stories/sign-in.ts";
import { isLoopback } from "../../core/throttle/addresses.ts";
import { callerOf, waitingCallerOf } from "../caller.ts";
import { type LogSink, toLatchkeyError } from "../error-answers.ts";
import { isOtherLoopbackName } from "../hosts.ts";
import { readerLanguage } from "../pages/page-answer.ts";
import { AuthorizePages } from "./authorize-pages.ts";
import { emptyField, failedSignIn } from "./failed-sign-in.ts";
import { type Form, readForm } from "./form-body.ts";
import { isOwnForm } from "./own-form.ts";
import { removedCookie, signInCookie } from "./sign-in-cookie.ts";
import { signInFormOf } from "./sign-in-form.ts";

/** The stories behind the sign-in page. */
export interface AuthorizePageParts {
  /** The public URL of this server. */
  readonly issuer: string;
  readonly checkRequest: CheckRequest;
  readonly authorize: Authorize;
  readonly deny: Deny;
  /** Signs people in at an identity provider, instead of by a password here. */
  readonly broker?: Broker | undefined;
  /** Changes passwords that must be changed. Undefined with the users of a realm. */
  readonly selfService?: SelfService | undefined;
  /** Whether the server serves the account pages. The sign-in page leads to them. */
  readonly accountPages?: boolean;
  /** The shortest new password, in characters. */
  readonly passwordMinLength?: number;
  readonly log: LogSink;
}

/**
 * Serves the authorization endpoint (RFC 6749 §3.1): the sign-in page and its form. GET changes nothing. The form is
 * posted to the same address and the query is checked again, so any copy of the page works.
 *
 * @throws if the issuer is reached without TLS from other machines: a password would be readable on the way
 */
export function authorizeRoutes(app: FastifyInstance, parts: AuthorizePageParts): void {
  const { issuer, checkRequest, authorize, deny, broker, log } = parts;
  const address = new URL(issuer);
  const { protocol, hostname, origin } = address;
  if (protocol !== "https:" && !isLoopback(hostname)) {
    throw new Error(`the sign-in page needs an issuer with https, or on this machine: ${issuer}`);
  }
  const pages = new AuthorizePages(issuer, log, broker?.provider);

  app.register(async (scope) => {
    // No other origin may read the page, also if LATCHKEY_CORS_ORIGINS names it.
    const options = { schema: { hide: true }, config: { cors: false } };
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
      if (!isOwnForm(request, origin)) throw new LatchkeyError("forbidden_origin");
    };
    const formOptions = { ...options, onRequest, preValidation: readForm };
    scope.post<{ Body: Form }>("/oauth/authorize", formOptions, async (request, reply) => {
      const check = await checkRequest(queryOf(request), callerOf(request));
      if (check.outcome !== "valid") return pages.turnAway(reply, check, { mayRedirect: false });
      const form = signInFormOf(request.body);
      if (form.decision === "allow") {
        return broker === undefined
          ? allow(request, reply, check.request, form)
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
        return pages.ask(reply, asked, failed, failed.refusal.status);
      }
      if (!(error instanceof LatchkeyError) || error.code !== "invalid_request") throw error;
      pages.note(reply, error);
      return pages.goOn(reply, asked, { refusal: error });
    }
  }

  async function allow(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: AuthorizationRequest,
    { username, password }: Credentials,
  ): Promise<FastifyReply> {
    const language = readerLanguage(request);
    const empty = emptyField(language, { username, password });
    if (empty !== undefined) {
      reply.refusal = "validation_error";
      return pages.ask(reply, asked, empty, 422);
    }
    try {
      const code = await authorize({ username, password }, asked, waitingCallerOf(request, reply));
      return pages.goOn(reply, asked, { code });
    } catch (error) {
      const failed = failedSignIn(language, error, username);
      if (failed === undefined) throw error;
      pages.note(reply, failed.refusal);
      // A 401 would need a challenge, and browsers answer one with a window of their own.
      const { status } = failed.refusal;
      return pages.ask(reply, asked, failed, status === 401 ? 422 : status);
    }
  }
}

function queryOf({ url }: FastifyRequest): URLSearchParams {
  const at = url.indexOf("?");
  return new URLSearchParams(at === -1 ? "" : url.slice(at));
}

import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Caller } from "../../core/audit-events.ts";
import { LatchkeyError } from "../../core/errors.ts";
import type { AuthorizationRequest, RequestCheck } from "../../core/oauth/authorization-request.ts";
import type { Credentials } from "../../core/stories/sign-in.ts";
import { isLoopback } from "../../core/throttle/addresses.ts";
import { callerOf, waitingCallerOf } from "../caller.ts";
import { describeRefusal, type LogSink, logRefusal, toLatchkeyError } from "../error-answers.ts";
import { onwardPage } from "../pages/onward-page.ts";
import { readerLanguage, sendPage } from "../pages/page-answer.ts";
import { refusalPage, type WayBack } from "../pages/refusal-page.ts";
import { type FailedAttempt, signInPage } from "../pages/sign-in-page.ts";
import { authorizationResponse } from "./authorization-response.ts";
import { emptyField, failedSignIn } from "./failed-sign-in.ts";
import { isOwnForm } from "./own-form.ts";
import { readSignInForm } from "./sign-in-form.ts";

/** The stories behind the sign-in page. */
export interface AuthorizeParts {
  /** The public URL of this server. */
  readonly issuer: string;
  readonly checkRequest: (query: URLSearchParams, caller: Caller) => Promise<RequestCheck>;
  /** Signs the person in and allows the request. @returns the authorization code */
  readonly authorize: (
    credentials: Credentials,
    request: AuthorizationRequest,
    caller: Caller,
  ) => Promise<string>;
  readonly deny: (request: AuthorizationRequest, caller: Caller) => Promise<void>;
  readonly log: LogSink;
}

/**
 * Serves the authorization endpoint (RFC 6749 §3.1): the sign-in page and its form. GET changes nothing. The form is
 * posted to the same address and the query is checked again, so any copy of the page works.
 *
 * @throws if the issuer is reached without TLS from other machines: a password would be readable on the way
 */
export function authorizeRoutes(app: FastifyInstance, parts: AuthorizeParts): void {
  const { issuer, checkRequest, authorize, deny, log } = parts;
  const { protocol, hostname, host, origin } = new URL(issuer);
  if (protocol !== "https:" && !isLoopback(hostname)) {
    throw new Error(`the sign-in page needs an issuer with https, or on this machine: ${issuer}`);
  }

  app.register(async (scope) => {
    // The page decides itself who may post to it, and no other origin may read it.
    const options = { schema: { hide: true }, config: { cors: false } };
    scope.setErrorHandler(refuse);

    scope.get("/oauth/authorize", options, async (request, reply) => {
      const check = await checkRequest(queryOf(request), callerOf(request));
      if (check.outcome === "valid") return ask(request, reply, check.request);
      if (check.outcome === "returned" && check.automatic) {
        logRefusal(log, request, check.refusal);
        describeRefusal(reply, check.refusal);
        return reply.redirect(authorizationResponse(issuer, check, check), 303);
      }
      return turnAway(request, reply, check);
    });

    scope.post("/oauth/authorize", options, async (request, reply) => {
      if (!isOwnForm(request, origin)) throw new LatchkeyError("forbidden_origin");
      const check = await checkRequest(queryOf(request), callerOf(request));
      if (check.outcome !== "valid") return turnAway(request, reply, check);
      const form = readSignInForm(request);
      if (form.decision === "allow") return allow(request, reply, check.request, form);
      await deny(check.request, callerOf(request));
      return goOn(request, reply, check.request, { refusal: new LatchkeyError("access_denied") });
    });
  });

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
      return ask(request, reply, asked, empty, 422);
    }
    try {
      const code = await authorize({ username, password }, asked, waitingCallerOf(request, reply));
      return goOn(request, reply, asked, { code });
    } catch (error) {
      const failed = failedSignIn(language, error, username);
      if (failed === undefined || !(error instanceof LatchkeyError)) throw error;
      logRefusal(log, request, error);
      describeRefusal(reply, error);
      // A 401 would need a challenge, and browsers answer one with a window of their own.
      return ask(request, reply, asked, failed, error.status === 401 ? 422 : error.status);
    }
  }

  function ask(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: AuthorizationRequest,
    failed?: FailedAttempt,
    status?: number,
  ) {
    const page = signInPage({ language: readerLanguage(request), site: host, request: asked, failed });
    return sendPage(reply, page, status);
  }

  /** Never by a redirect: see `onwardPage`. */
  function goOn(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: AuthorizationRequest,
    result: { readonly code: string } | { readonly refusal: LatchkeyError },
  ) {
    const page = onwardPage({
      language: readerLanguage(request),
      address: authorizationResponse(issuer, asked, result),
      application: asked.client.name,
      allowed: "code" in result,
    });
    return sendPage(reply, page);
  }

  /** Answers a request that no person is asked about, with a page. */
  function turnAway(
    request: FastifyRequest,
    reply: FastifyReply,
    check: Exclude<RequestCheck, { outcome: "valid" }>,
  ) {
    if (check.outcome === "refused") return refuse(check.refusal, request, reply);
    const address = authorizationResponse(issuer, check, check);
    return refuse(check.refusal, request, reply, { address, isChecked: check.automatic });
  }

  function refuse(
    error: FastifyError | LatchkeyError,
    request: FastifyRequest,
    reply: FastifyReply,
    back?: WayBack,
  ) {
    const refusal = toLatchkeyError(error);
    logRefusal(log, request, refusal);
    describeRefusal(reply, refusal);
    const page = refusalPage({ language: readerLanguage(request), refusal, requestId: request.id, back });
    return sendPage(reply, page, refusal.status);
  }
}

function queryOf({ url }: FastifyRequest): URLSearchParams {
  const at = url.indexOf("?");
  return new URLSearchParams(at === -1 ? "" : url.slice(at));
}

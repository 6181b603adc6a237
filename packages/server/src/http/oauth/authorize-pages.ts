import type { FastifyReply, FastifyRequest } from "fastify";
import type { LatchkeyError } from "../../core/errors.ts";
import type { AuthorizationRequest, RequestCheck } from "../../core/oauth/authorization-request.ts";
import { describeRefusal, type LogSink, logRefusal } from "../error-answers.ts";
import type { Language } from "../pages/language.ts";
import type { PageLink } from "../pages/link-list.ts";
import { onwardPage } from "../pages/onward-page.ts";
import { readerLanguage, sendPage } from "../pages/page-answer.ts";
import { providerPage } from "../pages/provider-page.ts";
import { refusalPage, type WayBack } from "../pages/refusal-page.ts";
import { type FailedAttempt, type RequiredChange, signInPage } from "../pages/sign-in-page.ts";
import { authorizationResponse, type ResponseResult } from "./authorization-response.ts";

/** A question to the person, as far as it differs from the first one. */
export interface Asked {
  readonly failed?: FailedAttempt | undefined;
  /** The new password that is asked for as well. */
  readonly change?: RequiredChange | undefined;
  readonly status?: number;
  /** The address of the form. Default: the page's own. */
  readonly action?: string;
}

/** The options of the pages. */
export interface AuthorizePageOptions {
  readonly log: LogSink;
  /** The name of the identity provider, if people sign in there. */
  readonly provider?: string | undefined;
  /** The links of the sign-in page. */
  readonly links?: ((language: Language) => readonly PageLink[]) | undefined;
}

/** The answers of the authorization endpoint. Each method answers one request. */
export class AuthorizePages {
  readonly #issuer: string;
  readonly #site: string;
  readonly #log: LogSink;
  readonly #provider: string | undefined;
  readonly #links: (language: Language) => readonly PageLink[];

  constructor(issuer: string, { log, provider, links = () => [] }: AuthorizePageOptions) {
    this.#provider = provider;
    this.#links = links;
    this.#issuer = issuer;
    this.#site = new URL(issuer).host;
    this.#log = log;
  }

  /** Asks the person, or asks again after a failed attempt. */
  ask(reply: FastifyReply, request: AuthorizationRequest, { status, ...asked }: Asked = {}) {
    const language = readerLanguage(reply.request);
    const shown = { language, site: this.#site, provider: this.#provider, links: this.#links(language) };
    return sendPage(reply, signInPage({ ...shown, request, ...asked }), status);
  }

  /** Leads the browser to the identity provider. @param address its authorization endpoint, with the request */
  goToProvider(reply: FastifyReply, provider: string, address: string) {
    const language = readerLanguage(reply.request);
    return sendPage(reply, providerPage({ language, site: this.#site, provider, address }));
  }

  /** Leads the browser to the client, with a page and never with a redirect. */
  goOn(reply: FastifyReply, request: AuthorizationRequest, result: ResponseResult) {
    const { client, redirectUri } = request;
    const page = onwardPage({
      site: this.#site,
      language: readerLanguage(reply.request),
      redirectUri,
      address: authorizationResponse(this.#issuer, request, result),
      client,
      allowed: "code" in result,
    });
    return sendPage(reply, page);
  }

  /**
   * Answers a request that no person is asked about.
   *
   * @param mayRedirect whether the browser came by a link. The answer to a form is always a page
   */
  turnAway(
    reply: FastifyReply,
    check: Exclude<RequestCheck, { outcome: "valid" }>,
    { mayRedirect }: { readonly mayRedirect: boolean },
  ) {
    const { refusal } = check;
    if (check.outcome === "refused") return this.refuse(reply, refusal);
    const { redirectUri, automatic } = check;
    const address = authorizationResponse(this.#issuer, check, { refusal });
    if (!automatic || !mayRedirect) {
      return this.refuse(reply, refusal, { redirectUri, address, isChecked: automatic });
    }
    this.note(reply, refusal);
    return reply.redirect(address, 303);
  }

  /** Leads a request under another name of this server to the issuer's address. */
  goToIssuer(reply: FastifyReply) {
    return reply.redirect(this.#atIssuer(reply.request), 303);
  }

  /** The sign-in page at the issuer's address, with the query of a request. */
  #atIssuer({ url }: FastifyRequest): string {
    const address = new URL(`${this.#issuer}/oauth/authorize`);
    const at = url.indexOf("?");
    // The setter escapes what would end an attribute or a header, and cannot change the origin.
    if (at !== -1) address.search = url.slice(at);
    return address.href;
  }

  /** Says on a page why a request was refused. @param back the way to the client, if it is known */
  refuse(reply: FastifyReply, refusal: LatchkeyError, back?: WayBack) {
    this.note(reply, refusal);
    const { request } = reply;
    const page = refusalPage({
      language: readerLanguage(request),
      site: this.#site,
      refusal,
      requestId: request.id,
      // A form of another origin: at the page's own address the next one would be refused too.
      retryAt: refusal.code === "forbidden_origin" ? this.#atIssuer(request) : undefined,
      back,
    });
    return sendPage(reply, page, refusal.status);
  }

  /** Logs and counts a refusal. */
  note(reply: FastifyReply, refusal: LatchkeyError): void {
    logRefusal(this.#log, reply.request, refusal);
    describeRefusal(reply, refusal);
  }
}

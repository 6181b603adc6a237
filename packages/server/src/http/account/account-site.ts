import type { FastifyReply } from "fastify";
import type { LatchkeyError } from "../../core/errors.ts";
import { describeRefusal, type LogSink, logRefusal } from "../error-answers.ts";
import type { PageContent } from "../pages/layout.ts";
import type { PageLink } from "../pages/link-list.ts";
import { addVary, readerLanguage, sendPage } from "../pages/page-answer.ts";
import { refusalPage } from "../pages/refusal-page.ts";
import { type TextPage, textPage } from "../pages/text-page.ts";
import { AccountCookie } from "./account-cookie.ts";
import { type AccountPageName, accountPages } from "./account-parts.ts";
import { accountLanguages } from "./texts/account-languages.ts";

/** The addresses of the account pages, and the answers that all of them give. */
export class AccountSite {
  readonly cookie: AccountCookie;
  readonly #log: LogSink;
  readonly #issuer: URL;

  /** @param issuer public URL. Its path is that of the pages in the browser */
  constructor(issuer: string, log: LogSink) {
    this.cookie = new AccountCookie(issuer);
    this.#issuer = new URL(issuer);
    this.#log = log;
  }

  /** The path of a page in the browser. */
  path(name: AccountPageName): string {
    return this.#issuer.pathname.replace(/\/$/, "") + accountPages[name];
  }

  /** The same page at the issuer's own name. */
  addressOf(name: AccountPageName, query = ""): string {
    const address = new URL(this.path(name), this.#issuer);
    // The setter escapes what would end an attribute or a header, and cannot change the origin.
    address.search = query;
    return address.href;
  }

  /** The reader's language, the host of this server, and the texts. */
  shown(reply: FastifyReply) {
    const language = readerLanguage(reply.request);
    return { language, site: this.#issuer.host, texts: accountLanguages[language] };
  }

  /** A link to another page, in the reader's language. */
  link(reply: FastifyReply, name: "signIn" | "forgot" | "account"): PageLink {
    const { texts } = this.shown(reply);
    return { address: this.path(name === "account" ? "overview" : name), text: texts.links[name] };
  }

  /** Answers with a page. The address of a page may hold a link token, which no other request may tell in `Referer`. */
  send(reply: FastifyReply, page: PageContent, status = 200): Promise<FastifyReply> {
    addVary(reply, "Cookie");
    const holdsLink = reply.request.url.includes("?");
    return sendPage(reply, page, status, holdsLink ? "no-referrer" : "same-origin");
  }

  /** Reports the result of a form. @param way the page that a link leads on to */
  report(
    reply: FastifyReply,
    { title, sentences }: Pick<TextPage, "title" | "sentences">,
    way: "signIn" | "account",
  ): Promise<FastifyReply> {
    const { language, site } = this.shown(reply);
    return this.send(reply, textPage({ language, site, title, sentences, links: [this.link(reply, way)] }));
  }

  /** Leads the browser to a page of this server. */
  goTo(reply: FastifyReply, name: AccountPageName, query = ""): FastifyReply {
    return reply.redirect(this.path(name) + query, 303);
  }

  /** Says on a page why a request was refused. */
  refuse(
    reply: FastifyReply,
    refusal: LatchkeyError,
    links: readonly PageLink[] = [],
  ): Promise<FastifyReply> {
    this.note(reply, refusal);
    const { language, site } = this.shown(reply);
    const { request } = reply;
    const page = refusalPage({
      ...{ language, site, refusal, requestId: request.id, links },
      ownAccount: true,
      // At the page's own address, a form of another name of this server would be refused again.
      retryAt: refusal.code === "forbidden_origin" ? this.addressOf("overview") : undefined,
    });
    return this.send(reply, page, refusal.status === 401 ? 422 : refusal.status);
  }

  /** Logs and counts a refusal. */
  note(reply: FastifyReply, refusal: LatchkeyError): void {
    logRefusal(this.#log, reply.request, refusal);
    describeRefusal(reply, refusal);
  }
}

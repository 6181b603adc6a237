import type { FastifyReply } from "fastify";
import { html } from "hono/html";
import type { BrowserSession, BrowserSessions } from "../../core/stories/browser-sessions.ts";
import type { PageContent } from "../pages/layout.ts";
import {
  type AccountHandler,
  type AccountPageName,
  type AccountRequest,
  accountPages,
} from "./account-parts.ts";
import type { AccountSite } from "./account-site.ts";

/** A handler for a signed-in person. */
export type SignedInHandler = (
  session: BrowserSession,
  request: AccountRequest,
  reply: FastifyReply,
) => Promise<FastifyReply>;

/** The pages to which a sign-in leads. The closed list is the reason why no address in a request can lead elsewhere. */
export const afterSignIn = ["overview", "password", "email"] as const satisfies readonly AccountPageName[];

/** The page that a request names. Default: the overview. */
export function pageAfterSignIn(path: string | undefined): (typeof afterSignIn)[number] {
  return afterSignIn.find((name) => accountPages[name] === path) ?? "overview";
}

/** Makes handlers that need a signed-in person. Anybody else is led to the sign-in, and then back to the page. */
export function signedInHandlers(site: AccountSite, browsers: BrowserSessions) {
  return (page: (typeof afterSignIn)[number], handler: SignedInHandler): AccountHandler => {
    const query = `?${new URLSearchParams({ to: accountPages[page] })}`;
    return async (request, reply) => {
      const text = site.cookie.in(request.headers.cookie);
      const session = await browsers.find(text);
      if (session !== undefined) return handler(session, request, reply);
      if (text !== undefined) reply.header("set-cookie", site.cookie.removed());
      else if (request.method === "GET" && request.headers["sec-fetch-site"] === "cross-site") {
        return site.send(reply, onwardPage(site, reply, page));
      }
      return site.goTo(reply, "signIn", page === "overview" ? "" : query);
    };
  };
}

/**
 * Leads on to the same page. A link of another site, such as one in a web mail, brings no cookie, because its
 * `SameSite` is strict. The step from this page brings it, so a signed-in person is not asked again.
 */
function onwardPage(site: AccountSite, reply: FastifyReply, page: AccountPageName): PageContent {
  const { language, site: host, texts } = site.shown(reply);
  const { title, link } = texts.onward;
  const address = site.path(page);
  const content = html`<h1>${title}</h1>
<p class="buttons"><a class="button" href="${address}">${link}</a></p>`;
  return { language, site: host, title, onward: address, content };
}

import type { FastifyInstance } from "fastify";
import { html } from "hono/html";
import { LatchkeyError } from "../core/errors.ts";
import type { KeptMail, MailboxReading } from "../core/mail/kept-mail.ts";
import type { PageContent } from "./pages/layout.ts";
import { foreignText, type Html } from "./pages/markup.ts";
import { sendPage } from "./pages/page-answer.ts";

/** The policy of a mail's own HTML: it may have styles, and its links open in the same window. */
const mailPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-top-navigation-by-user-activation allow-top-navigation";

/**
 * Serves the mails of a development server at `/mailbox`, and each one's HTML as its reader sees it. Links to this server
 * are relative, because a developer may open the page at another address than the issuer's: by another name of the
 * machine, or at a forwarded port.
 */
export function mailboxRoutes(app: FastifyInstance, mailbox: MailboxReading, issuer: string): void {
  // A page that LATCHKEY_CORS_ORIGINS names could otherwise read the links in the mails.
  const options = { schema: { hide: true }, config: { cors: false } };
  app.get("/mailbox", options, (_request, reply) => sendPage(reply, mailboxPage(mailbox.mails, issuer)));
  app.get<{ Params: { id: string } }>("/mailbox/:id", options, async (request, reply) => {
    const mail = mailbox.mails.find(({ id }) => id === request.params.id);
    if (mail === undefined) throw new LatchkeyError("not_found");
    return reply
      .header("content-security-policy", mailPolicy)
      .type("text/html; charset=utf-8")
      .send(mail.html.replaceAll(/href="([^"]*)"/g, (_, url) => `href="${linkTo(url, issuer, "../")}"`));
  });
}

function mailboxPage(mails: readonly KeptMail[], issuer: string): PageContent {
  const title = "Mailbox";
  const content = html`<h1>${title}</h1>
<p class="quiet">Mails of this server stay in its memory and go nowhere else. Load the page again for new ones.</p>
${mails.length === 0 ? html`<p>There are no mails yet.</p>` : mails.map((mail) => shownMail(mail, issuer))}`;
  return { language: "en", title, content };
}

function shownMail({ id, kind, recipient, subject, text, at }: KeptMail, issuer: string): Html {
  return html`<section class="message">
<p><strong><a href="./mailbox/${id}">${foreignText(subject)}</a></strong></p>
<p class="quiet">${foreignText(recipient)} · ${kind} · ${new Date(at).toISOString()}</p>
${text.split("\n\n").map((paragraph) => html`<p>${paragraph.split("\n").map((line) => html`${shownLine(line, issuer)}<br>`)}</p>`)}
</section>`;
}

/** A line of a mail. A line that is an address becomes a link. */
function shownLine(line: string, issuer: string): Html {
  return /^https?:\/\/\S+$/.test(line)
    ? html`<a href="${linkTo(line, issuer, "./")}">${line}</a>`
    : html`${line}`;
}

/** @param root the relative address of the server's root, as the page sees it */
function linkTo(url: string, issuer: string, root: "./" | "../"): string {
  if (url === issuer) return root;
  return url.startsWith(`${issuer}/`) ? root + url.slice(issuer.length + 1) : url;
}

import { html } from "hono/html";
import type { User } from "../../core/people/users.ts";
import type { BrowserSession } from "../../core/stories/browser-sessions.ts";
import type { LiveSessions } from "../../core/stories/own-sessions.ts";
import type { Session } from "../../core/stories/sessions.ts";
import { callerOf } from "../caller.ts";
import type { Language } from "../pages/language.ts";
import type { PageContent } from "../pages/layout.ts";
import { foreignText, type Html } from "../pages/markup.ts";
import type { AccountPage, AccountParts } from "./account-parts.ts";
import type { AccountSite } from "./account-site.ts";
import type { SignedInHandler } from "./signed-in.ts";
import { accountLanguages } from "./texts/account-languages.ts";
import type { AccountTexts } from "./texts/account-texts.ts";

type SignedIn = (page: "overview", handler: SignedInHandler) => AccountPage["get"];

/** The overview of the own account: names, address, sessions. */
export function overviewPages(site: AccountSite, signedIn: SignedIn, parts: AccountParts): AccountPage {
  const get = signedIn("overview", async (session, _request, reply) => {
    const live = await parts.ownSessions.list(session.me);
    const { language, site: host } = site.shown(reply);
    return site.send(
      reply,
      overviewPage({ language, host, site, session, live, mail: parts.selfService.mail }),
    );
  });
  return { get, post: async (_request, reply) => site.goTo(reply, "overview") };
}

/** Ends one of the own sessions, or all others. Without a session in the form it ends all others. */
export function sessionsPages(
  site: AccountSite,
  signedIn: SignedIn,
  { ownSessions }: AccountParts,
): AccountPage {
  const post = signedIn("overview", async ({ me }, request, reply) => {
    const chosen = request.body?.get("session");
    const by = { ...callerOf(request), actor: me.userId };
    if (chosen === undefined) await ownSessions.endAll(me, true, by);
    else await ownSessions.end(me, chosen, by);
    if (chosen === me.sessionId) reply.header("set-cookie", site.cookie.removed());
    return site.goTo(reply, "overview");
  });
  return { get: async (_request, reply) => site.goTo(reply, "overview"), post };
}

/** Ends the session of this browser. */
export function signOutPages(site: AccountSite, { browsers }: AccountParts): AccountPage {
  return {
    get: async (_request, reply) => site.goTo(reply, "overview"),
    async post(request, reply) {
      const session = await browsers.find(site.cookie.in(request.headers.cookie));
      if (session !== undefined) await browsers.close(session, callerOf(request));
      reply.header("set-cookie", site.cookie.removed());
      return site.goTo(reply, "signIn");
    },
  };
}

interface Overview {
  readonly language: Language;
  readonly host: string;
  readonly site: AccountSite;
  readonly session: BrowserSession;
  readonly live: LiveSessions;
  readonly mail: boolean;
}

function overviewPage({ language, host, site, session, live, mail }: Overview): PageContent {
  const { overview: texts } = accountLanguages[language];
  const others = live.total > 1;
  const content = html`<h1>${texts.title}</h1>
${profile(texts, session, site, mail)}
<p class="buttons"><a class="button" href="${site.path("password")}">${texts.changePassword}</a>
${mail ? html`<a class="button second" href="${site.path("email")}">${texts.changeEmail}</a>` : ""}</p>
<h2>${texts.sessions}</h2>
${others ? html`<p class="quiet">${texts.sessionsLead}</p>` : ""}
<ul class="sessions">${ownFirst(live.sessions, session).map((one) => sessionItem(language, one, session, site))}</ul>
${live.total > live.sessions.length ? html`<p>${texts.more(String(live.total - live.sessions.length))}</p>` : ""}
<div class="buttons">
${others ? postButton(site.path("sessions"), texts.endOthers) : ""}
${postButton(site.path("signOut"), texts.signOut)}
</div>`;
  return { language, site: host, title: texts.title, content };
}

function profile(
  texts: AccountTexts["overview"],
  { user, emailVerified }: BrowserSession,
  site: AccountSite,
  mail: boolean,
): Html {
  const unverified = html`<small>${texts.unverified}</small>
${mail ? html`<form method="post" action="${site.path("verify")}"><button type="submit" class="plain">${texts.verify}</button></form>` : ""}`;
  return html`<dl class="summary">
<div><dt>${texts.username}</dt><dd>${foreignText(user.username)}</dd></div>
<div><dt>${texts.name}</dt><dd>${nameOf(user, texts)}</dd></div>
<div><dt>${texts.email}</dt><dd>${foreignText(user.email)}${emailVerified ? "" : unverified}</dd></div>
</dl>`;
}

function nameOf({ displayName }: User, texts: AccountTexts["overview"]): Html {
  return displayName === null ? html`<span class="quiet">${texts.noName}</span>` : foreignText(displayName);
}

/** The session of this browser, then the others, last used first. Shown times are rounded, so many of them are equal. */
function ownFirst(sessions: readonly Session[], { me }: BrowserSession): readonly Session[] {
  const isOwn = ({ id }: Session) => id === me.sessionId;
  return [...sessions.filter(isOwn), ...sessions.filter((session) => !isOwn(session))];
}

function sessionItem(language: Language, session: Session, { me }: BrowserSession, site: AccountSite): Html {
  const { overview: texts } = accountLanguages[language];
  const isThis = session.id === me.sessionId;
  const name = session.client === null ? texts.ownLogin : session.client.name;
  const begun = momentText(language, session.createdAt);
  return html`<li><div>${isThis ? html`<strong>${texts.thisBrowser}</strong>` : foreignText(name)}
<small>${texts.begun(moment(language, session.createdAt))}</small>
<small>${texts.lastUsed(moment(language, session.lastUsedAt))}</small>
<small>${texts.from(foreignText(session.addressBucket))}</small></div>
${isThis ? "" : postButton(site.path("sessions"), texts.end, { session: session.id, label: texts.endNamed(name, begun) })}</li>`;
}

/** A button that sends a form of its own. @param label for screen readers, if the text alone is not clear */
function postButton(
  action: string,
  text: string,
  { session, label }: { readonly session?: string; readonly label?: string } = {},
): Html {
  return html`<form method="post" action="${action}">
${session === undefined ? "" : html`<input type="hidden" name="session" value="${session}">`}
<button type="submit" class="second"${label === undefined ? "" : html` aria-label="${label}"`}>${text}</button>
</form>`;
}

/** A time for the reader. The time zone of the reader is unknown without a script. */
function moment(language: Language, at: number): Html {
  return html`<time datetime="${new Date(at).toISOString()}">${momentText(language, at)}</time>`;
}

function momentText(language: Language, at: number): string {
  const form = new Intl.DateTimeFormat(language, {
    dateStyle: "medium",
    timeStyle: "short",
    timeZone: "UTC",
  });
  return `${form.format(at)} UTC`;
}

import { html } from "hono/html";
import type { Client } from "../../core/oauth/client.ts";
import { type Language, languages } from "./language.ts";
import type { PageContent } from "./layout.ts";
import { foreignText, strongText } from "./markup.ts";
import { redirectTarget } from "./redirect-target.ts";

/** The parts of the onward page. */
export interface OnwardPage {
  readonly language: Language;
  /** The host of this server. */
  readonly site: string;
  readonly redirectUri: string;
  /** The redirect URI with the authorization response. */
  readonly address: string;
  readonly client: Client;
  readonly allowed: boolean;
}

/**
 * Leads the browser to the redirect URI: at once, and by a visible link. A redirect as the answer to a form would
 * never arrive, because `form-action` applies to all of its hops. A page begins a new navigation.
 */
export function onwardPage({
  language,
  site,
  redirectUri,
  address,
  client,
  allowed,
}: OnwardPage): PageContent {
  const { onward: texts } = languages[language];
  const title = allowed ? texts.allowedTitle : texts.deniedTitle;
  const name = foreignText(client.name);
  const content = html`<h1>${title}</h1>
<p>${texts.goingTo(name, strongText(redirectTarget(redirectUri).name))}</p>
<p class="buttons"><a class="button" href="${address}">${texts.link(name)}</a></p>
<p class="quiet note">${texts.close}</p>`;
  return { language, site, title, onward: address, content };
}

import { html } from "hono/html";
import { type Language, languages } from "./language.ts";
import type { PageContent } from "./layout.ts";
import { foreignText, strongText } from "./markup.ts";

/** The parts of the page that leads to an identity provider. */
export interface ProviderPage {
  readonly language: Language;
  /** The host of this server. */
  readonly site: string;
  /** The provider's name. */
  readonly provider: string;
  /** The provider's authorization endpoint, with the request. */
  readonly address: string;
}

/**
 * Leads the browser to the provider's own sign-in page. Like the onward page, it answers a form: a redirect would never
 * arrive.
 */
export function providerPage({ language, site, provider, address }: ProviderPage): PageContent {
  const { signIn, provider: texts } = languages[language];
  const title = signIn.title(provider);
  const content = html`<h1>${title}</h1>
<p>${texts.goingTo(foreignText(provider), strongText(new URL(address).host))}</p>
<p class="buttons"><a class="button" href="${address}">${texts.continueTo(foreignText(provider))}</a></p>`;
  return { language, site, title, onward: address, content };
}

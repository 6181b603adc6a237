import { html } from "hono/html";
import type { Language } from "./language.ts";
import type { PageContent } from "./layout.ts";
import { linkList, type PageLink } from "./link-list.ts";
import type { Html } from "./markup.ts";

/** The parts of a page that reports a result. */
export interface TextPage {
  readonly language: Language;
  /** The host of this server. */
  readonly site: string;
  readonly title: string;
  readonly sentences: readonly (string | Html)[];
  readonly links?: readonly PageLink[];
}

/** A page that reports a result. */
export function textPage({ language, site, title, sentences, links = [] }: TextPage): PageContent {
  const content = html`<h1>${title}</h1>
${sentences.map((sentence) => html`<p>${sentence}</p>`)}
${linkList(links)}`;
  return { language, site, title, content };
}

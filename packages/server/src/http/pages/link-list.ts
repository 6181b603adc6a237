import { html } from "hono/html";
import type { Html } from "./markup.ts";

/** A link to another page. The page has checked its address. */
export interface PageLink {
  readonly address: string;
  readonly text: string;
}

/** Links below the content of a page. */
export function linkList(links: readonly PageLink[]): Html | "" {
  if (links.length === 0) return "";
  const items = links.map(({ address, text }) => html`<li><a href="${address}">${text}</a></li>`);
  return html`<ul class="ways">${items}</ul>`;
}

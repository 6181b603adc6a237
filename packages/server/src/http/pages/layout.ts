import { html, raw } from "hono/html";
import type { Site } from "../../core/site.ts";
import { type Language, languages } from "./language.ts";
import { foreignText, type Html } from "./markup.ts";
import { styleSheet } from "./style-sheet.ts";

/** The content of a page, and its title in the window's list and for screen readers. */
export interface PageContent {
  readonly language: Language;
  /** The host of this server. A person compares it with the address bar. */
  readonly site?: string;
  /** Plain text. */
  readonly title: string;
  /** Whether the page reports an error. Its title begins with that word. */
  readonly isError?: boolean;
  /** The address to which the browser goes on at once, without a click. The page has checked it. */
  readonly onward?: string;
  readonly content: Html;
}

/**
 * The document around the content of every page. It contains no script and loads nothing.
 *
 * @param operator the operator's site, beside the host of this server
 */
export function layout(
  { language, site, title, isError, onward, content }: PageContent,
  operator?: Site,
): Html {
  const fullTitle = isError ? languages[language].errorTitle(title) : title;
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${fullTitle}</title>
${onward === undefined ? "" : html`<meta http-equiv="refresh" content="0;url=${onward}">`}
<style>${raw(styleSheet)}</style>
</head>
<body>
<main>
${site === undefined ? "" : html`<p class="site">${siteName(site, operator)}${site}</p>`}
${content}
</main>
</body>
</html>
`;
}

/** The name of the operator's site before the host, unless it is the host. The operator vouches for its address. */
function siteName(host: string, operator: Site | undefined): Html | "" {
  if (operator === undefined || operator.name === host) return "";
  const { name, url } = operator;
  return html`${url === undefined ? foreignText(name) : html`<a href="${url}">${foreignText(name)}</a>`} · `;
}

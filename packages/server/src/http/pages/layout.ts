import { html, raw } from "hono/html";
import { styleSheet } from "./style-sheet.ts";

/**
 * Markup made with the `html` tag, which escapes every value. A value must stand in an element or in a quoted
 * attribute. The address of a link must be checked by the page, because `javascript:` needs no escaping.
 */
export type Html = ReturnType<typeof html>;

/** The content of a page, and its title in the window's list and for screen readers. */
export interface PageContent {
  /** Plain text. A page that reports an error begins it with `Error: `. */
  readonly title: string;
  readonly content: Html;
}

/** The document around the content of every page. It contains no script and loads nothing. */
export function layout({ title, content }: PageContent): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${raw(styleSheet)}</style>
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`;
}

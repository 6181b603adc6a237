import { html } from "hono/html";

/**
 * Markup made with the `html` tag, which escapes every value. A value must stand in an element or in a quoted
 * attribute. The address of a link must be checked by the page, because `javascript:` needs no escaping.
 */
export type Html = ReturnType<typeof html>;

/** A text that others chose, such as a name. Its writing direction cannot reorder the text around it. */
export function foreignText(text: string): Html {
  return html`<bdi>${text}</bdi>`;
}

/** A text that others chose, and that the reader has to check. */
export function strongText(text: string): Html {
  return html`<strong><bdi>${text}</bdi></strong>`;
}

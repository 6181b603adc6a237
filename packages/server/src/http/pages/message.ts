import { html } from "hono/html";
import type { Html } from "./markup.ts";

/** The kinds of a message. A screen reader interrupts itself for an error. A warning is a part of the page. */
export type MessageKind = "error" | "notice" | "warning";

const roles = { error: "alert", notice: "status", warning: "note" } as const satisfies Record<
  MessageKind,
  string
>;

/** A sentence that stands out of the page. @param id for fields that the message describes */
export function message(kind: MessageKind, text: string | Html, id?: string): Html {
  const named = id === undefined ? "" : html` id="${id}"`;
  return html`<p class="message message-${kind}" role="${roles[kind]}"${named}>${text}</p>`;
}

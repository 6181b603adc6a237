import { html } from "hono/html";
import type { Html } from "./layout.ts";

/** The kinds of a message. A screen reader interrupts itself for an error. */
export type MessageKind = "error" | "notice";

const roles = { error: "alert", notice: "status" } as const satisfies Record<MessageKind, string>;

/** A sentence that stands out of the page. @param text plain text */
export function message(kind: MessageKind, text: string): Html {
  return html`<p class="message message-${kind}" role="${roles[kind]}">${text}</p>`;
}

import { html } from "hono/html";
import type { Html } from "./markup.ts";

/** A labelled line of input. */
export interface FormField {
  /** The name in the form, and the id in the page. */
  readonly name: string;
  readonly label: string;
  readonly type: "text" | "password";
  /** The purpose of the field, for password managers (HTML §4.10.18.7.1). */
  readonly autocomplete: "username" | "current-password" | "new-password" | "email" | "name";
  /** The text to start with. A password always starts empty. */
  readonly value?: string;
  readonly error?: FieldError | undefined;
  /** A sentence between the label and the field. */
  readonly hint?: string | undefined;
  /** Whether the page opens with the cursor here. */
  readonly autofocus?: boolean;
  /** Whether the field may stay empty. */
  readonly optional?: boolean;
}

/** A reason why a value was refused. */
export type FieldError =
  /** A sentence below the field. */
  | { readonly text: string }
  /** The id of a message that several fields share. */
  | { readonly messageId: string };

/** A field under its label, with its error below. A screen reader says all of it together. */
export function formField(field: FormField): Html {
  const { name, label, type, autocomplete, value = "", error, hint, autofocus, optional } = field;
  const errorId = error && ("text" in error ? `${name}-error` : error.messageId);
  const hintId = hint === undefined ? undefined : `${name}-hint`;
  const described = [hintId, errorId].filter((id) => id !== undefined).join(" ");
  // The type `email` would change an address with letters outside of ASCII before it is sent.
  const keyboard = autocomplete === "email" ? html` inputmode="email"` : "";
  return html`<div class="field">
<label for="${name}">${label}</label>
${hint === undefined ? "" : html`<p class="hint" id="${hintId}">${hint}</p>`}
<input id="${name}" name="${name}" type="${type}" value="${type === "password" ? "" : value}" autocomplete="${autocomplete}"${keyboard} autocapitalize="none" autocorrect="off" spellcheck="false"${optional ? "" : html` required`}${autofocus ? html` autofocus` : ""}${errorId === undefined ? "" : html` aria-invalid="true"`}${described === "" ? "" : html` aria-describedby="${described}"`}>
${error && "text" in error ? html`<p class="field-error" id="${errorId}">${error.text}</p>` : ""}
</div>`;
}

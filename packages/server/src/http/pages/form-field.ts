import { html } from "hono/html";
import type { Html } from "./markup.ts";

/** A labelled line of input. */
export interface FormField {
  /** The name in the form, and the id in the page. */
  readonly name: string;
  readonly label: string;
  readonly type: "text" | "password";
  /** The purpose of the field, for password managers (HTML §4.10.18.7.1). */
  readonly autocomplete: "username" | "current-password" | "new-password" | "email";
  /** The text to start with. A password always starts empty. */
  readonly value?: string;
  readonly error?: FieldError | undefined;
  /** Whether the page opens with the cursor here. */
  readonly autofocus?: boolean;
}

/** A reason why a value was refused. */
export type FieldError =
  /** A sentence below the field. */
  | { readonly text: string }
  /** The id of a message that several fields share. */
  | { readonly messageId: string };

/** A field under its label, with its error below. A screen reader says all three together. */
export function formField({
  name,
  label,
  type,
  autocomplete,
  value = "",
  error,
  autofocus,
}: FormField): Html {
  const errorId = error && ("text" in error ? `${name}-error` : error.messageId);
  const invalid = errorId === undefined ? "" : html` aria-invalid="true" aria-describedby="${errorId}"`;
  return html`<div class="field">
<label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="${type}" value="${type === "password" ? "" : value}" autocomplete="${autocomplete}" autocapitalize="none" autocorrect="off" spellcheck="false" required${autofocus ? html` autofocus` : ""}${invalid}>
${error && "text" in error ? html`<p class="field-error" id="${errorId}">${error.text}</p>` : ""}
</div>`;
}

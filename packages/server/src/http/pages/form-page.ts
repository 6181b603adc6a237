import { html } from "hono/html";
import { type FormField, formField } from "./form-field.ts";
import type { Language } from "./language.ts";
import type { PageContent } from "./layout.ts";
import { linkList, type PageLink } from "./link-list.ts";
import type { Html } from "./markup.ts";
import { message } from "./message.ts";

/** A reason why a form was refused. */
export interface Fault {
  readonly text: string;
  /** The names of the fields that it is about. Empty if it is about the whole form. */
  readonly fields: readonly string[];
}

/** The parts of a page with one form. */
export interface FormPage {
  readonly language: Language;
  /** The host of this server. */
  readonly site: string;
  /** The heading, and the title of the window. */
  readonly title: string;
  readonly lead?: string | Html;
  /** The address of the form. */
  readonly action: string;
  /** The user name of a form without a field for it: password managers store the new password under it. */
  readonly username?: string;
  /** Values that the form sends back as they are. */
  readonly hidden?: Readonly<Record<string, string>>;
  readonly fields: readonly FormField[];
  /** Markup between the fields and the button. */
  readonly more?: Html;
  readonly submit: string;
  readonly faults?: readonly Fault[];
  readonly links?: readonly PageLink[];
}

/** The id of the message about the whole form. */
const summaryId = "failure";

/** A page with one form. After a refusal it names each fault beside its field, and the cursor is in the first one. */
export function formPage(page: FormPage): PageContent {
  const { language, site, title, lead, action, hidden = {}, fields, more, submit, faults = [] } = page;
  // The last field of the first fault: after a wrong password it is the password.
  const focused = faults[0]?.fields.at(-1);
  const content = html`<h1>${title}</h1>
${lead === undefined ? "" : html`<p>${lead}</p>`}
<form method="post" action="${action}">
${summary(faults)}
${Object.entries(hidden).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
${page.username === undefined ? "" : html`<input name="username" value="${page.username}" autocomplete="username" hidden readonly>`}
${fields.map((field) => formField({ ...field, ...marked(field, faults), autofocus: field.name === focused }))}
${more ?? ""}
<div class="buttons"><button type="submit">${submit}</button></div>
</form>
${linkList(page.links ?? [])}`;
  return { language, site, title, isError: faults.length > 0, content };
}

/** One fault of one field stands beside it alone. Others are listed first, with links to their fields. */
function summary(faults: readonly Fault[]): Html | "" {
  const [first, ...others] = faults;
  if (first === undefined) return "";
  if (others.length > 0) {
    const lines = faults.map(({ text, fields: [name] }) =>
      name === undefined ? html`<li>${text}</li>` : html`<li><a href="#${name}">${text}</a></li>`,
    );
    return html`<ul class="message message-error" role="alert" tabindex="-1" id="${summaryId}">${lines}</ul>`;
  }
  return first.fields.length === 1 ? "" : message("error", first.text, summaryId);
}

/** The error of a field. A fault of several fields stands in the message that they share. */
function marked({ name }: FormField, faults: readonly Fault[]): Pick<FormField, "error"> {
  const fault = faults.find(({ fields }) => fields.includes(name));
  if (fault === undefined) return {};
  return { error: fault.fields.length === 1 ? { text: fault.text } : { messageId: summaryId } };
}

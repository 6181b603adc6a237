import { html } from "hono/html";
import type { AuthorizationRequest } from "../../core/oauth/authorization-request.ts";
import { formField } from "./form-field.ts";
import type { Fault } from "./form-page.ts";
import { type Language, languages } from "./language.ts";
import type { PageContent } from "./layout.ts";
import { linkList, type PageLink } from "./link-list.ts";
import { foreignText, type Html } from "./markup.ts";
import { message } from "./message.ts";
import { newPasswordFields } from "./new-password.ts";
import { requestSummary, requestWarning } from "./request-summary.ts";
import type { Texts } from "./texts/texts.ts";

/** The person's last attempt, and the reason why it failed. */
export interface FailedAttempt {
  readonly username: string;
  /** `username`, `password`: the field is empty. Other texts are about the whole form. */
  readonly missing?: "username" | "password";
  readonly error: string;
}

/** The parts of the sign-in page. */
export interface SignInPage {
  readonly language: Language;
  /** The host of this server. */
  readonly site: string;
  readonly request: AuthorizationRequest;
  readonly failed?: FailedAttempt | undefined;
  /** The name of the identity provider, if people sign in there. Then the form asks for no password. */
  readonly provider?: string | undefined;
  /** The address of the form. Default: the page's own. */
  readonly action?: string | undefined;
  /** Asks for a new password as well. Nothing is granted before. */
  readonly change?: RequiredChange | undefined;
  /** Links to the account pages, for a person without a password or an account. */
  readonly links?: readonly PageLink[] | undefined;
}

/** The fields of a password that must be changed. */
export interface RequiredChange {
  /** The name that the person has typed. */
  readonly username: string;
  /** The shortest new password, in characters. */
  readonly minLength: number;
  readonly faults: readonly Fault[];
}

/**
 * One form that signs a person in and allows the request. It posts to its own address, so nothing is stored between
 * the page and its answer. The button that refuses has a form of its own, which sends no password.
 */
export function signInPage(page: SignInPage): PageContent {
  const { language, site, request, failed, provider, action, change, links = [] } = page;
  const { signIn: texts, provider: providerTexts } = languages[language];
  const name = provider === undefined ? undefined : foreignText(provider);
  const lead = name === undefined ? texts.lead : providerTexts.lead(name);
  const isError = failed !== undefined || (change !== undefined && change.faults.length > 0);
  const form = html`<form method="post"${action === undefined ? "" : html` action="${action}"`}`;
  const heading = texts.heading(foreignText(request.client.name));
  const content = html`<h1>${heading}</h1>
${requestSummary(texts, request)}
${requestWarning(texts, request)}
${form}>
<input type="hidden" name="decision" value="allow">
${formLead(page, lead)}
${name === undefined ? fields(texts, failed, failed?.username ?? change?.username ?? request.loginHint) : ""}
${change === undefined ? "" : changeFields(language, change)}
<div class="buttons">
<button type="submit">${name === undefined ? texts.allow : providerTexts.continueTo(name)}</button>
<button type="submit" class="second" form="refusal">${texts.deny}</button>
</div>
</form>
${form} id="refusal"><input type="hidden" name="decision" value="deny"></form>
${linkList(links)}`;
  return { language, site, title: texts.title(site), isError, content };
}

/** The sentence above the fields: the last fault of the whole form, or the next step. */
function formLead({ language, failed, change }: SignInPage, lead: string | Html): Html {
  if (failed !== undefined && failed.missing === undefined) return message("error", failed.error, "failure");
  const whole = change?.faults.find(({ fields }) => fields.length === 0);
  if (whole !== undefined) return message("error", whole.text);
  if (change !== undefined) return message("notice", languages[language].newPassword.mustChange);
  return html`<p class="quiet">${lead}</p>`;
}

function changeFields(language: Language, { minLength, faults }: RequiredChange): Html {
  const fields = newPasswordFields(language, minLength).map((field) => {
    const fault = faults.find((one) => one.fields.includes(field.name));
    return formField({ ...field, error: fault && { text: fault.text }, autofocus: fault !== undefined });
  });
  return html`<input type="hidden" name="change" value="yes">${fields}`;
}

function fields(texts: Texts["signIn"], failed: FailedAttempt | undefined, typed = ""): Html {
  const errorOf = (name: "username" | "password") => {
    if (failed === undefined) return undefined;
    if (failed.missing === undefined) return { messageId: "failure" };
    return failed.missing === name ? { text: failed.error } : undefined;
  };
  const username = formField({
    name: "username",
    label: texts.username,
    type: "text",
    autocomplete: "username",
    value: typed,
    error: errorOf("username"),
    autofocus: failed?.missing === "username",
  });
  const password = formField({
    name: "password",
    label: texts.password,
    type: "password",
    autocomplete: "current-password",
    error: errorOf("password"),
    autofocus: failed !== undefined && failed.missing !== "username",
  });
  return html`${username}${password}`;
}

import { html } from "hono/html";
import type { AuthorizationRequest } from "../../core/oauth/authorization-request.ts";
import { formField } from "./form-field.ts";
import { type Language, languages } from "./language.ts";
import type { PageContent } from "./layout.ts";
import { foreignText, type Html } from "./markup.ts";
import { message } from "./message.ts";
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
}

/**
 * One form that signs a person in and allows the request. It posts to its own address, so nothing is stored between
 * the page and its answer. The button that refuses has a form of its own, which sends no password.
 */
export function signInPage({ language, site, request, failed, provider, action }: SignInPage): PageContent {
  const { signIn: texts, provider: providerTexts } = languages[language];
  const name = provider === undefined ? undefined : foreignText(provider);
  const lead = name === undefined ? texts.lead : providerTexts.lead(name);
  const form = html`<form method="post"${action === undefined ? "" : html` action="${action}"`}`;
  const heading = texts.heading(foreignText(request.client.name));
  const content = html`<h1>${heading}</h1>
${requestSummary(texts, request)}
${requestWarning(texts, request)}
${form}>
<input type="hidden" name="decision" value="allow">
${failed && failed.missing === undefined ? message("error", failed.error, "failure") : html`<p class="quiet">${lead}</p>`}
${name === undefined ? fields(texts, request, failed) : ""}
<div class="buttons">
<button type="submit">${name === undefined ? texts.allow : providerTexts.continueTo(name)}</button>
<button type="submit" class="second" form="refusal">${texts.deny}</button>
</div>
</form>
${form} id="refusal"><input type="hidden" name="decision" value="deny"></form>`;
  return { language, site, title: texts.title(site), isError: failed !== undefined, content };
}

function fields(texts: Texts["signIn"], { loginHint }: AuthorizationRequest, failed?: FailedAttempt): Html {
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
    value: failed?.username ?? loginHint ?? "",
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

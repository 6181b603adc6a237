import type { FastifyReply } from "fastify";
import { MustChangePassword } from "../../core/stories/must-change.ts";
import { waitingCallerOf } from "../caller.ts";
import { emptyField, failedSignIn } from "../oauth/failed-sign-in.ts";
import type { Form } from "../oauth/form-body.ts";
import { accountLinks } from "../pages/account-links.ts";
import type { FormField } from "../pages/form-field.ts";
import { type Fault, formPage } from "../pages/form-page.ts";
import { type Language, languages } from "../pages/language.ts";
import { newPasswordFaults, newPasswordFields } from "../pages/new-password.ts";
import { RepeatedForms } from "../pages/repeated-forms.ts";
import {
  type AccountPage,
  type AccountParts,
  type AccountRequest,
  accountPages,
  textIn,
} from "./account-parts.ts";
import type { AccountSite } from "./account-site.ts";
import { fieldNames, formStatus, type RefusedForm, refusedForm } from "./form-answers.ts";
import { pageAfterSignIn } from "./signed-in.ts";

/** The state of the form. */
interface Asked {
  /** The page to which the sign-in leads. */
  readonly to: string | undefined;
  readonly username?: string;
  /** Whether the person must choose a new password. */
  readonly mustChange?: boolean;
  readonly faults?: readonly Fault[];
  readonly status?: number;
}

/** The sign-in to the account pages: the throttle, the events and the texts are those of every login. */
export function signInPages(site: AccountSite, parts: AccountParts): AccountPage {
  const { issuer, browsers, selfService, passwordMinLength, steady } = parts;
  const repeated = new RepeatedForms<void>(steady);
  const links = accountLinks(issuer, selfService);

  function ask(reply: FastifyReply, { to, username = "", mustChange = false, faults = [], status }: Asked) {
    const { language, site: host, texts } = site.shown(reply);
    const { signIn, newPassword } = languages[language];
    const fields: FormField[] = [
      {
        ...{ name: fieldNames.username, label: signIn.username, type: "text", autocomplete: "username" },
        value: username,
      },
      { name: passwordField, label: signIn.password, type: "password", autocomplete: "current-password" },
    ];
    const page = formPage({
      ...{ language, site: host, title: texts.signIn.title, action: site.path("signIn") },
      ...(mustChange && { lead: newPassword.mustChange }),
      hidden: { to: accountPages[pageAfterSignIn(to)], ...(mustChange && { change: "yes" }) },
      fields: mustChange ? [...fields, ...newPasswordFields(language, passwordMinLength)] : fields,
      submit: mustChange ? texts.signIn.submitChange : texts.signIn.submit,
      faults,
      links: mustChange ? [] : links(language),
    });
    return site.send(reply, page, status);
  }

  async function signIn(request: AccountRequest, reply: FastifyReply, form: Form): Promise<FastifyReply> {
    const { language } = site.shown(reply);
    const [username = "", password = ""] = [form.get(fieldNames.username), form.get(passwordField)];
    const asked = { to: form.get("to"), username };
    let mustChange = form.has("change");

    const faults = [
      ...emptyFaults(language, { username, password }),
      ...(mustChange ? newPasswordFaults(language, form) : []),
    ];
    if (faults.length > 0) {
      reply.refusal = "validation_error";
      return ask(reply, { ...asked, mustChange, faults, status: 422 });
    }
    const caller = waitingCallerOf(request, reply);
    try {
      const next = mustChange ? form.get(fieldNames.next) : undefined;
      if (next !== undefined) {
        // A repeat signs in with the new password, which is verified.
        await repeated.once([username, form], () =>
          selfService.changePasswordAtSignIn({ username, password }, next, caller, language),
        );
        mustChange = false;
      }
      const { cookie, lifetime } = await browsers.open({ username, password: next ?? password }, caller);
      reply.header("set-cookie", site.cookie.set(cookie, lifetime));
      return site.goTo(reply, pageAfterSignIn(asked.to));
    } catch (error) {
      if (error instanceof MustChangePassword) return ask(reply, { ...asked, mustChange: true });
      const refused = refusedSignIn(language, error, username);
      if (refused === undefined) throw error;
      const { refusal, faults } = refused;
      site.note(reply, refusal);
      return ask(reply, { ...asked, mustChange, faults, status: formStatus(refusal) });
    }
  }

  return {
    get: async ({ query }, reply) => ask(reply, { to: textIn(query, "to") }),
    post: async (request, reply) => signIn(request, reply, request.body ?? new Map()),
  };
}

/** The name of the field, as on the sign-in page of applications: password managers know one form. */
const passwordField = "password";

function emptyFaults(
  language: Language,
  typed: { readonly username: string; readonly password: string },
): Fault[] {
  const empty = emptyField(language, typed);
  return empty?.missing === undefined ? [] : [{ text: empty.error, fields: [empty.missing] }];
}

/** A wrong password is a fault of both fields. A refused new password is one of its own. */
function refusedSignIn(language: Language, error: unknown, typed: string): RefusedForm | undefined {
  const failed = failedSignIn(language, error, typed);
  if (failed === undefined) return refusedForm(language, error, [fieldNames.next, fieldNames.again]);
  return {
    refusal: failed.refusal,
    faults: [{ text: failed.error, fields: [fieldNames.username, passwordField] }],
  };
}

import type { FastifyReply } from "fastify";
import { LatchkeyError } from "../../core/errors.ts";
import { maxTypedName } from "../../core/passwords/account-names.ts";
import { callerOf } from "../caller.ts";
import type { FormField } from "../pages/form-field.ts";
import { type Fault, formPage } from "../pages/form-page.ts";
import { languages } from "../pages/language.ts";
import type { AccountPage, AccountParts } from "./account-parts.ts";
import type { AccountSite } from "./account-site.ts";
import { fieldNames, incomplete, runForm } from "./form-answers.ts";

/** Asks for a link to choose a new password. The answer is the same for every name. */
export function forgotPages(site: AccountSite, { selfService }: AccountParts): AccountPage {
  function ask(reply: FastifyReply, typed = "", faults: readonly Fault[] = [], status?: number) {
    const { language, site: host, texts } = site.shown(reply);
    const label = languages[language].signIn.username;
    const page = formPage({
      ...{ language, site: host, title: texts.forgot.title, action: site.path("forgot") },
      lead: texts.forgot.lead,
      fields: [{ name: fieldNames.username, label, type: "text", autocomplete: "username", value: typed }],
      submit: texts.forgot.submit,
      faults,
      links: [site.link(reply, "signIn")],
    });
    return site.send(reply, page, status);
  }

  return {
    async get(_request, reply) {
      if (!selfService.mail) throw new LatchkeyError("not_found");
      return ask(reply);
    },
    async post(request, reply) {
      const { language, texts } = site.shown(reply);
      const typed = request.body?.get(fieldNames.username) ?? "";
      const again = (faults: readonly Fault[], status = 422) => ask(reply, kept(typed), faults, status);
      const running = { site, reply, fields: [fieldNames.username], again };
      if (typed.trim() === "") {
        const { missingUsername: text } = languages[language].signIn.errors;
        return incomplete(running, [{ text, fields: [fieldNames.username] }]);
      }
      return runForm(running, async () => {
        await selfService.forgotPassword(typed, callerOf(request), language);
        const { title, text } = texts.forgot.sent;
        return site.report(reply, { title, sentences: [text, texts.mailAdvice] }, "signIn");
      });
    },
  };
}

/** Asks for a link to create an account. The answer is the same if the address has an account. */
export function signUpPages(site: AccountSite, { selfService, signUpDomains }: AccountParts): AccountPage {
  const isOpen = selfService.mail && selfService.signUpBy === "domains";

  function ask(reply: FastifyReply, typed = "", faults: readonly Fault[] = [], status?: number) {
    const { language, site: host, texts } = site.shown(reply);
    const domains = new Intl.ListFormat(language, { type: "disjunction" }).format(signUpDomains);
    const email: FormField = {
      ...{ name: fieldNames.email, label: texts.signUp.email, type: "text", autocomplete: "email" },
      value: typed,
      hint: texts.signUp.domains(domains),
    };
    const page = formPage({
      ...{ language, site: host, title: texts.signUp.title, action: site.path("signUp") },
      lead: texts.signUp.lead,
      fields: [email],
      submit: texts.signUp.submit,
      faults,
      links: [site.link(reply, "signIn")],
    });
    return site.send(reply, page, status);
  }

  return {
    async get(_request, reply) {
      if (!isOpen) throw new LatchkeyError("not_found");
      return ask(reply);
    },
    async post(request, reply) {
      const { language, texts } = site.shown(reply);
      const email = (request.body?.get(fieldNames.email) ?? "").trim();
      const again = (faults: readonly Fault[], status = 422) => ask(reply, kept(email), faults, status);
      const running = { site, reply, fields: [fieldNames.email], again };
      if (email === "") {
        return incomplete(running, [{ text: texts.errors.missing.email, fields: [fieldNames.email] }]);
      }
      return runForm(running, async () => {
        await selfService.signUp(email, callerOf(request), language);
        const { title, text } = texts.signUp.sent;
        return site.report(reply, { title, sentences: [text, texts.mailAdvice] }, "signIn");
      });
    },
  };
}

/** The typed text, for the form. A longer one than any name is dropped. */
function kept(typed: string): string {
  return typed.length > maxTypedName ? "" : typed;
}

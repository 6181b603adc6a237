import type { FastifyReply } from "fastify";
import { html } from "hono/html";
import { LatchkeyError } from "../../core/errors.ts";
import type { BrowserSession } from "../../core/stories/browser-sessions.ts";
import { callerOf, waitingCallerOf } from "../caller.ts";
import type { FormField } from "../pages/form-field.ts";
import { type Fault, formPage } from "../pages/form-page.ts";
import { strongText } from "../pages/markup.ts";
import { newPasswordFaults, newPasswordFields } from "../pages/new-password.ts";
import { RepeatedForms } from "../pages/repeated-forms.ts";
import type { AccountPage, AccountParts } from "./account-parts.ts";
import type { AccountSite } from "./account-site.ts";
import { fieldNames, incomplete, runForm } from "./form-answers.ts";
import type { SignedInHandler } from "./signed-in.ts";

type SignedIn = (page: "password" | "email", handler: SignedInHandler) => AccountPage["get"];

/** The change of the own password. */
export function passwordPages(site: AccountSite, signedIn: SignedIn, parts: AccountParts): AccountPage {
  const { selfService, passwordMinLength, steady } = parts;
  const repeated = new RepeatedForms<void>(steady);

  function ask(
    reply: FastifyReply,
    { user }: BrowserSession,
    {
      faults = [],
      status,
      endOthers = true,
    }: { faults?: readonly Fault[]; status?: number; endOthers?: boolean } = {},
  ) {
    const { language, site: host, texts } = site.shown(reply);
    const page = formPage({
      ...{ language, site: host, title: texts.password.title, action: site.path("password") },
      fields: [currentPassword(texts.password.current), ...newPasswordFields(language, passwordMinLength)],
      username: user.username,
      more: html`<p class="check"><input type="checkbox" id="end_others" name="end_others" value="yes"${endOthers ? html` checked` : ""}> <label for="end_others">${texts.password.endOthers}</label></p>`,
      submit: texts.password.submit,
      faults,
      links: [site.link(reply, "account")],
    });
    return site.send(reply, page, status);
  }

  return {
    get: signedIn("password", async (session, _request, reply) => ask(reply, session)),
    post: signedIn("password", async (session, request, reply) => {
      const { language, texts } = site.shown(reply);
      const form = request.body ?? new Map<string, string>();
      const endOthers = form.has("end_others");
      const currentPassword = form.get(fieldNames.current) ?? "";
      const newPassword = form.get(fieldNames.next) ?? "";
      const again = (faults: readonly Fault[], status = 422) =>
        ask(reply, session, { faults, status, endOthers });
      const { missing } = texts.errors;
      const faults = [
        ...(currentPassword === "" ? [{ text: missing.currentPassword, fields: [fieldNames.current] }] : []),
        ...newPasswordFaults(language, form),
      ];
      const running = { site, reply, fields: [fieldNames.current, fieldNames.next, fieldNames.again], again };
      if (faults.length > 0) return incomplete(running, faults);
      return runForm(running, async () => {
        const change = { currentPassword, newPassword, endOthers };
        await repeated.once([session.me.sessionId, form], () =>
          selfService.changePassword(session.me, change, waitingCallerOf(request, reply), language),
        );
        const { done, othersEnded } = texts.password;
        const sentences = endOthers ? [done.text, othersEnded] : [done.text];
        return site.report(reply, { title: done.title, sentences }, "account");
      });
    }),
  };
}

/** The change of the own e-mail address. It counts once it is confirmed at the new address. */
export function emailPages(site: AccountSite, signedIn: SignedIn, parts: AccountParts): AccountPage {
  const { selfService } = parts;

  function ask(
    reply: FastifyReply,
    { user }: BrowserSession,
    typed = "",
    faults: readonly Fault[] = [],
    status?: number,
  ) {
    const { language, site: host, texts } = site.shown(reply);
    const fields: FormField[] = [
      { name: fieldNames.email, label: texts.email.next, type: "text", autocomplete: "email", value: typed },
      currentPassword(texts.password.current),
    ];
    const page = formPage({
      ...{ language, site: host, title: texts.email.title, action: site.path("email") },
      lead: texts.email.lead(strongText(user.email)),
      fields,
      submit: texts.email.submit,
      faults,
      links: [site.link(reply, "account")],
    });
    return site.send(reply, page, status);
  }

  return {
    get: signedIn("email", async (session, _request, reply) => {
      if (!selfService.mail) throw new LatchkeyError("not_found");
      return ask(reply, session);
    }),
    post: signedIn("email", async (session, request, reply) => {
      const { language, texts } = site.shown(reply);
      const email = (request.body?.get(fieldNames.email) ?? "").trim();
      const currentPassword = request.body?.get(fieldNames.current) ?? "";
      const again = (faults: readonly Fault[], status = 422) => ask(reply, session, email, faults, status);
      const { missing } = texts.errors;
      const faults = [
        ...(email === "" ? [{ text: missing.email, fields: [fieldNames.email] }] : []),
        ...(currentPassword === "" ? [{ text: missing.currentPassword, fields: [fieldNames.current] }] : []),
      ];
      const running = { site, reply, fields: [fieldNames.email, fieldNames.current], again };
      if (faults.length > 0) return incomplete(running, faults);
      return runForm(running, async () => {
        const caller = waitingCallerOf(request, reply);
        await selfService.beginEmailChange(session.me, { email, currentPassword }, caller, language);
        const { sentTitle: title, sent } = texts.email;
        const sentences = [sent(strongText(email)), texts.mailAdvice];
        return site.report(reply, { title, sentences }, "account");
      });
    }),
  };
}

/** Sends a link that confirms the current address. */
export function verifyPages(
  site: AccountSite,
  signedIn: (page: "overview", handler: SignedInHandler) => AccountPage["get"],
  { selfService }: AccountParts,
): AccountPage {
  return {
    get: async (_request, reply) => site.goTo(reply, "overview"),
    post: signedIn("overview", async ({ me, user }, request, reply) => {
      const { language, texts } = site.shown(reply);
      await selfService.sendVerification(me, callerOf(request), language);
      const sentences = [texts.verify.sent(strongText(user.email)), texts.mailAdvice];
      return site.report(reply, { title: texts.verify.title, sentences }, "account");
    }),
  };
}

function currentPassword(label: string): FormField {
  return { name: fieldNames.current, label, type: "password", autocomplete: "current-password" };
}

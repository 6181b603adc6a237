import { usernameProblem } from "../../core/passwords/account-names.ts";
import { callerOf, waitingCallerOf } from "../caller.ts";
import { strongText } from "../pages/markup.ts";
import { newPasswordFaults, newPasswordFields } from "../pages/new-password.ts";
import type { AccountParts } from "./account-parts.ts";
import type { AccountSite } from "./account-site.ts";
import { fieldNames } from "./form-answers.ts";
import type { LinkForm, LinkResult } from "./link-pages.ts";

/** Chooses a new password in place of a forgotten one. */
export function resetForm(site: AccountSite, { selfService, passwordMinLength }: AccountParts): LinkForm {
  return {
    name: "reset",
    purposes: ["reset"],
    form({ email, username }, _typed, reply) {
      const { language, texts } = site.shown(reply);
      const { title, lead, submit } = texts.reset;
      return {
        ...{ title, submit, lead: lead(strongText(email)) },
        fields: newPasswordFields(language, passwordMinLength),
        username: username ?? email,
      };
    },
    faults: (typed, reply) => newPasswordFaults(site.shown(reply).language, typed),
    async use(token, typed, request, reply) {
      const { language, texts } = site.shown(reply);
      const next = typed.get(fieldNames.next) ?? "";
      await selfService.resetPassword(token, next, waitingCallerOf(request, reply), language);
      return signInNext(texts.reset.done);
    },
  };
}

/** Confirms an e-mail address: the current one of an account, or a new one. */
export function confirmForm(site: AccountSite, { selfService }: AccountParts): LinkForm {
  return {
    name: "confirm",
    purposes: ["verify", "change_email"],
    // Another user may be signed in, and the link still works: the page names the account that it is for.
    form({ email, username }, _typed, reply) {
      const { title, lead, submit } = site.shown(reply).texts.confirm;
      return { title, submit, lead: lead(strongText(email), strongText(username ?? email)), fields: [] };
    },
    faults: () => [],
    async use(token, _typed, request, reply) {
      const { language, texts } = site.shown(reply);
      const { email, username } = await selfService.confirmEmail(token, callerOf(request), language);
      const { doneTitle: title, done } = texts.confirm;
      return { title, sentences: [done(strongText(email), strongText(username))], way: "account" };
    },
  };
}

/** Creates an account with the address that the link was sent to. */
export function joinForm(site: AccountSite, { selfService, passwordMinLength }: AccountParts): LinkForm {
  return {
    name: "join",
    purposes: ["sign_up"],
    form({ email }, typed, reply) {
      const { language, texts } = site.shown(reply);
      const { title, lead, submit, username, name, nameHint, password: label, again } = texts.join;
      const text = { type: "text" } as const;
      return {
        ...{ title, submit, lead: lead(strongText(email)) },
        fields: [
          {
            ...{ ...text, name: fieldNames.username, label: username, autocomplete: "username" },
            value: typed.get(fieldNames.username) ?? "",
          },
          {
            ...{ ...text, name: fieldNames.name, label: name, hint: nameHint, autocomplete: "name" },
            ...{ value: typed.get(fieldNames.name) ?? "", optional: true },
          },
          ...newPasswordFields(language, passwordMinLength, { label, again }),
        ],
      };
    },
    faults(typed, reply) {
      const { language, texts } = site.shown(reply);
      const { missing, badUsername } = texts.errors;
      const username = (typed.get(fieldNames.username) ?? "").trim();
      const text = username === "" ? missing.username : usernameProblem(username) && badUsername;
      const faults = text === undefined ? [] : [{ text, fields: [fieldNames.username] }];
      return [...faults, ...newPasswordFaults(language, typed)];
    },
    async use(token, typed, request, reply) {
      const displayName = typed.get(fieldNames.name)?.trim() || null;
      const joining = {
        username: typed.get(fieldNames.username) ?? "",
        password: typed.get(fieldNames.next) ?? "",
        displayName,
      };
      await selfService.join(token, joining, waitingCallerOf(request, reply));
      return signInNext(site.shown(reply).texts.join.done);
    },
  };
}

/** A result after which the person signs in. */
function signInNext({ title, text }: { readonly title: string; readonly text: string }): LinkResult {
  return { title, sentences: [text], way: "signIn" };
}

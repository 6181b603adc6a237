import type { Form } from "../oauth/form-body.ts";
import type { FormField } from "../pages/form-field.ts";
import type { Fault } from "../pages/form-page.ts";
import { type Language, languages } from "../pages/language.ts";
import { fieldNames } from "./form-answers.ts";
import { accountLanguages } from "./texts/account-languages.ts";

/** The two fields of a new password, and its length as a hint. */
export function newPasswordFields(
  language: Language,
  minLength: number,
  { label, again }: { readonly label: string; readonly again: string } = languages[language].newPassword,
): readonly FormField[] {
  const shared = { type: "password", autocomplete: "new-password" } as const;
  const hint = accountLanguages[language].password.hint(String(minLength));
  return [
    { ...shared, name: fieldNames.next, label, hint },
    { ...shared, name: fieldNames.again, label: again },
  ];
}

/** The faults of the two fields that no story has to look at. */
export function newPasswordFaults(language: Language, form: Form): readonly Fault[] {
  const { missing, notTheSame } = languages[language].newPassword;
  const next = form.get(fieldNames.next);
  if (next === undefined) return [{ text: missing, fields: [fieldNames.next] }];
  return next === form.get(fieldNames.again) ? [] : [{ text: notTheSame, fields: [fieldNames.again] }];
}

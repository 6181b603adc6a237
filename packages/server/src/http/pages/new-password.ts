import type { FormField } from "./form-field.ts";
import type { Fault } from "./form-page.ts";
import { type Language, languages } from "./language.ts";

/** The names of the two fields of a new password. */
export const newPasswordNames = { next: "new_password", again: "new_password_again" } as const;

/** The two fields of a new password, and its length as a hint. @param labels Default: those of a change */
export function newPasswordFields(
  language: Language,
  minLength: number,
  labels: { readonly label: string; readonly again: string } = languages[language].newPassword,
): readonly [FormField, FormField] {
  const shared = { type: "password", autocomplete: "new-password" } as const;
  const hint = languages[language].newPassword.hint(String(minLength));
  return [
    { ...shared, name: newPasswordNames.next, label: labels.label, hint },
    { ...shared, name: newPasswordNames.again, label: labels.again },
  ];
}

/** The faults of the two fields that no story has to look at. */
export function newPasswordFaults(language: Language, form: ReadonlyMap<string, string>): readonly Fault[] {
  const { missing, notTheSame } = languages[language].newPassword;
  const { next, again } = newPasswordNames;
  const typed = form.get(next);
  if (typed === undefined) return [{ text: missing, fields: [next] }];
  return typed === form.get(again) ? [] : [{ text: notTheSame, fields: [again] }];
}

import type { PasswordProblem, WeakPassword } from "../../core/passwords/password-problem.ts";
import type { Fault } from "./form-page.ts";
import { type Language, languages } from "./language.ts";
import { newPasswordNames } from "./new-password.ts";

/** The fault of a new password. If it could not be checked, it may be good, and the form as a whole waits. */
export function weakPasswordFault(language: Language, { problem, refusal }: WeakPassword): Fault {
  const fields = refusal.status === 503 ? [] : [newPasswordNames.next];
  return { text: weakPasswordText(language, problem), fields };
}

/** Why a new password was refused, and the way to a better one, in the reader's language. */
function weakPasswordText(language: Language, { reason, advice, bound }: PasswordProblem): string {
  const { refused, advice: advices } = languages[language].newPassword;
  const number = new Intl.NumberFormat(language).format(bound ?? 0);
  switch (reason) {
    case "too_short":
      return refused.tooShort(number);
    case "too_long":
      return refused.tooLong(number);
    case "own_name":
      return refused.ownName;
    case "unchanged":
      return refused.unchanged;
    case "common":
      return refused.common;
    case "guessable":
      return [refused.guessable, ...advice.map((key) => advices[key])].join(" ");
    case "breached":
      return refused.breached;
    case "breach_check_unavailable":
      return languages[language].signIn.errors.busy;
  }
}

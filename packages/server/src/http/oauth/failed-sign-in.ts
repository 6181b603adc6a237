import { type ErrorCode, LatchkeyError } from "../../core/errors.ts";
import { maxTypedName } from "../../core/passwords/account-names.ts";
import { type Language, languages, waitingTime } from "../pages/language.ts";
import type { FailedAttempt } from "../pages/sign-in-page.ts";

/** Refusals after which the person may try again on the same page, with their texts. */
const texts = {
  invalid_credentials: "wrongPassword",
  account_disabled: "accountDisabled",
  account_setup_required: "accountSetup",
  token_too_large: "tokenTooLarge",
  rate_limited: "tooMany",
  overloaded: "busy",
  store_unavailable: "busy",
  provider_unavailable: "busy",
} as const satisfies Partial<Record<ErrorCode, string>>;

/** A refused sign-in, with its message. */
export interface FailedSignIn extends FailedAttempt {
  readonly refusal: LatchkeyError;
}

/** The message of a sign-in that was refused. Undefined if the page cannot help: another refusal, or a fault. */
export function failedSignIn(language: Language, error: unknown, typed: string): FailedSignIn | undefined {
  if (!(error instanceof LatchkeyError) || !isRepeatable(error.code)) return undefined;
  const { errors } = languages[language].signIn;
  const name = texts[error.code];
  const text =
    name === "tooMany" ? errors.tooMany(waitingTime(language, error.retryAfter ?? 1)) : errors[name];
  return { username: kept(typed), error: text, refusal: error };
}

function isRepeatable(code: ErrorCode): code is keyof typeof texts {
  return Object.hasOwn(texts, code);
}

/** The message of a form with an empty field. Undefined if both are filled in. */
export function emptyField(
  language: Language,
  { username, password }: { readonly username: string; readonly password: string },
): FailedAttempt | undefined {
  const { errors } = languages[language].signIn;
  if (username.trim() === "") return { username: "", missing: "username", error: errors.missingUsername };
  if (password !== "") return undefined;
  return { username: kept(username), missing: "password", error: errors.missingPassword };
}

/** The typed name, for the form. A longer text than any name is dropped. */
function kept(username: string): string {
  return username.length > maxTypedName ? "" : username;
}

import type { FastifyReply } from "fastify";
import { type ErrorCode, LatchkeyError } from "../../core/errors.ts";
import { WeakPassword } from "../../core/passwords/password-problem.ts";
import type { Fault } from "../pages/form-page.ts";
import { type Language, languages, waitingTime } from "../pages/language.ts";
import { newPasswordNames } from "../pages/new-password.ts";
import { weakPasswordFault } from "../pages/weak-password.ts";
import type { AccountSite } from "./account-site.ts";
import { accountLanguages } from "./texts/account-languages.ts";

/** The names of the fields that a refusal can be about. */
export const fieldNames = {
  current: "current_password",
  ...newPasswordNames,
  username: "username",
  email: "email",
  name: "display_name",
} as const;

/** Refusals after which the person may correct the form. */
const repeatable = [
  "wrong_password",
  "username_taken",
  "email_taken",
  "validation_error",
  "conflict",
  "rate_limited",
  "overloaded",
  "store_unavailable",
] as const satisfies readonly ErrorCode[];

type Repeatable = (typeof repeatable)[number];

/** A refused form, with its faults in the reader's language. */
export interface RefusedForm {
  readonly refusal: LatchkeyError;
  readonly faults: readonly Fault[];
}

/**
 * The faults of a form that a story refused. Undefined if the page cannot help: another refusal, or a fault of the
 * server.
 *
 * @param fields the names of the form's fields
 */
export function refusedForm(
  language: Language,
  error: unknown,
  fields: readonly string[],
): RefusedForm | undefined {
  if (error instanceof WeakPassword) {
    return { refusal: error.refusal, faults: [weakPasswordFault(language, error)] };
  }
  if (!(error instanceof LatchkeyError)) return undefined;
  const code = repeatable.find((one) => one === error.code);
  if (code === undefined) return undefined;
  const fault = faultOf(language, code, error, fields);
  return fault && { refusal: error, faults: [fault] };
}

function faultOf(
  language: Language,
  code: Repeatable,
  error: LatchkeyError,
  fields: readonly string[],
): Fault | undefined {
  const { errors } = accountLanguages[language];
  const { errors: common } = languages[language].signIn;
  switch (code) {
    case "wrong_password":
      return { text: errors.currentPassword, fields: [fieldNames.current] };
    case "username_taken":
      return { text: errors.usernameTaken, fields: [fieldNames.username] };
    case "email_taken":
      return { text: errors.emailTaken, fields: fields.includes(fieldNames.email) ? [fieldNames.email] : [] };
    case "validation_error":
      return invalidField(language, error, fields);
    case "rate_limited":
      return { text: common.tooMany(waitingTime(language, error.retryAfter ?? 1)), fields: [] };
    default:
      return { text: common.busy, fields: [] };
  }
}

/** The field of the form that the refusal names. */
function invalidField(language: Language, { issues = [] }: LatchkeyError, fields: readonly string[]) {
  const { errors } = accountLanguages[language];
  const texts: Readonly<Record<string, string>> = {
    [fieldNames.username]: errors.badUsername,
    [fieldNames.email]: issues.some(({ type }) => type === "foreign_domain")
      ? errors.foreignDomain
      : errors.badEmail,
    [fieldNames.name]: errors.badName,
  };
  const named = issues.map(({ loc }) => String(loc.at(-1))).find((name) => fields.includes(name));
  // Without a name it is the last one that the form has not checked itself.
  const field = named ?? fields.findLast((name) => Object.hasOwn(texts, name));
  const text = field && texts[field];
  return field === undefined || text === undefined ? undefined : { text, fields: [field] };
}

/** The status of a page that shows a form again. A 401 would open a window of the browser. */
export function formStatus({ status }: LatchkeyError): number {
  return status === 429 || status === 503 ? status : 422;
}

/** A form with its story under way. */
export interface RunningForm {
  readonly site: AccountSite;
  readonly reply: FastifyReply;
  /** The names of its fields. */
  readonly fields: readonly string[];
  /** Shows the form with the faults of a refusal. */
  readonly again: (faults: readonly Fault[], status?: number) => Promise<FastifyReply>;
}

/** Runs the story of a form. A refusal that the person can mend shows the form again. */
export async function runForm(
  { site, reply, fields, again }: RunningForm,
  story: () => Promise<FastifyReply>,
): Promise<FastifyReply> {
  try {
    return await story();
  } catch (error) {
    const refused = refusedForm(site.shown(reply).language, error, fields);
    if (refused === undefined) throw error;
    site.note(reply, refused.refusal);
    return again(refused.faults, formStatus(refused.refusal));
  }
}

/** Shows a form again that is not complete. Its faults need no story. */
export function incomplete({ reply, again }: RunningForm, faults: readonly Fault[]): Promise<FastifyReply> {
  reply.refusal = "validation_error";
  return again(faults);
}

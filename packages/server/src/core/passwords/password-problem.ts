import { LatchkeyError } from "../errors.ts";
import { RefusedChange } from "../refused-change.ts";

/** Every reason why a new password is refused. */
export const passwordReasons = [
  "too_short",
  "too_long",
  "own_name",
  "unchanged",
  "common",
  "guessable",
  "breached",
  "breach_check_unavailable",
] as const;

/** The reason why a new password is refused. */
export type PasswordReason = (typeof passwordReasons)[number];

/** Each weakness of a guessable password, with the advice that removes it, as the end of a sentence. */
const advices = {
  own_words: "leave out your own name, your address and the name of this service",
  common: "leave out well-known passwords, also with other letters or digits in them",
  word: "one word alone is quickly guessed",
  name: "leave out names of people",
  date: "leave out dates and years",
  sequence: "leave out sequences such as abc or 6543",
  repetition: "leave out repeated characters and words",
  keyboard: "leave out rows of keys such as qwertz",
  substitution: "a digit in the place of a letter, as in p4ssw0rd, does not help",
  capitals: "a capital letter at the beginning does not help",
  reversed: "a word written backwards does not help",
  more_words: "use three or more words that do not belong together",
} as const;

/** One advice for a better password. */
export type PasswordAdvice = keyof typeof advices;

/** All advices, in the order in which they are given. */
export const passwordAdvices: readonly PasswordAdvice[] = Object.keys(advices).filter(isAdvice);

function isAdvice(key: string): key is PasswordAdvice {
  return Object.hasOwn(advices, key);
}

/** The reason why a new password is refused, for a person. */
export interface PasswordProblem {
  readonly reason: PasswordReason;
  /** The cure of a `guessable` password; empty for every other reason. */
  readonly advice: readonly PasswordAdvice[];
  /** The shortest password in characters if it is `too_short`, or the longest in bytes if it is `too_long`. */
  readonly bound?: number;
  /** Reason and cure in English: one line that begins in lower case, without the password. */
  readonly text: string;
}

/** A problem with its English text. */
export function problemOf(
  reason: PasswordReason,
  { advice = [], bound }: { readonly advice?: readonly PasswordAdvice[]; readonly bound?: number } = {},
): PasswordProblem {
  return { reason, advice, ...(bound !== undefined && { bound }), text: textOf(reason, advice, bound) };
}

function textOf(reason: PasswordReason, advice: readonly PasswordAdvice[], bound?: number): string {
  switch (reason) {
    case "too_short":
      return `the password must have at least ${bound} characters`;
    case "too_long":
      return `the password must not be longer than ${bound} bytes`;
    case "own_name":
      return "the password must not be the user's own name or e-mail address";
    case "unchanged":
      return "the new password must differ from the current one";
    case "common":
      return "this password is too common: it is among the first that an attacker tries";
    case "guessable":
      return `this password is too easy to guess: ${advice.map((key) => advices[key]).join("; ")}`;
    case "breached":
      return "this password is known from a breach of another service: choose one that was never used before";
    case "breach_check_unavailable":
      return "the password could not be compared with known breaches: try again shortly";
  }
}

/** A new password was refused. The message is one line for its author. */
export class WeakPassword extends RefusedChange {
  readonly problem: PasswordProblem;

  constructor(problem: PasswordProblem) {
    super(problem.text);
    this.problem = problem;
  }

  /** The refusal over HTTP: 503 if the same password may be accepted later, else 422. */
  get refusal(): LatchkeyError {
    const { reason, text } = this.problem;
    return reason === "breach_check_unavailable"
      ? new LatchkeyError("overloaded", { reason: text })
      : new LatchkeyError("weak_password", { fault: text });
  }
}

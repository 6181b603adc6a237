import { type PasswordAdvice, passwordAdvices } from "../core/passwords/password-problem.ts";

/** The estimator's own words for a weakness, and Latchkey's advice. */
const advices = new Map<string, PasswordAdvice>([
  ["userInputs", "own_words"],
  ["topTen", "common"],
  ["topHundred", "common"],
  ["common", "common"],
  ["similarToCommon", "common"],
  ["wordByItself", "word"],
  ["namesByThemselves", "name"],
  ["commonNames", "name"],
  ["dates", "date"],
  ["recentYears", "date"],
  ["associatedYears", "date"],
  ["sequences", "sequence"],
  ["simpleRepeat", "repetition"],
  ["extendedRepeat", "repetition"],
  ["repeated", "repetition"],
  ["straightRow", "keyboard"],
  ["keyPattern", "keyboard"],
  ["longerKeyboardPattern", "keyboard"],
  ["l33t", "substitution"],
  ["allUppercase", "capitals"],
  ["capitalization", "capitals"],
  ["reverseWords", "reversed"],
]);

/** The advice for the weaknesses that the estimator names. Every weak password gains by more words. */
export function adviceOn(feedback: {
  readonly warning: string | null;
  readonly suggestions: readonly string[];
}): readonly PasswordAdvice[] {
  const named = [feedback.warning ?? "", ...feedback.suggestions].map((word) => advices.get(word));
  return passwordAdvices.filter((advice) => advice === "more_words" || named.includes(advice));
}

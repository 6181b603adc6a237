import type { Secrets } from "../core/tokens/derived-keys.ts";
import { assertPlain, SettingProblem, trimmed } from "./setting-text.ts";

/** Minimum length of a secret in characters. */
export const minSecretLength = 32;

/** Each refresh is checked with every secret, so a longer list makes all of them slower. */
const mostSecrets = 10;

/** A line like this is a comment. A random secret has no blanks. */
const comment = /^#.*\s/;

/** The lines of a text. Line ends are those of Unix or Windows. */
export function linesOf(text: string): string[] {
  return text.split(/\r?\n/);
}

/**
 * Reads secrets, one a line: the first seals, all open. Empty lines and repeated secrets do not count.
 *
 * @param tooShort the error for a secret that is too short
 * @throws {SettingProblem} for control characters, a comment, a secret that is too short, and too many secrets
 */
export function secretLines(text: string, tooShort: string): Secrets {
  const lines = linesOf(text).map(trimmed);
  const given = lines.filter(Boolean);
  for (const line of given) {
    assertPlain(line);
    const number = lines.indexOf(line) + 1;
    if (comment.test(line))
      throw new SettingProblem(`line ${number} is a comment, which would be a guessable secret: remove it`);
    if (line.length >= minSecretLength) continue;
    throw new SettingProblem(given.length === 1 ? tooShort : `line ${number}: ${tooShort}`);
  }
  const [first, ...others] = new Set(given);
  if (first === undefined) throw new SettingProblem(tooShort);
  if (others.length >= mostSecrets)
    throw new SettingProblem(
      `it has more than ${mostSecrets} secrets: remove those that no session needs any more`,
    );
  return [first, ...others];
}

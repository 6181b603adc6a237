import { ZxcvbnFactory, type ZxcvbnResult } from "@zxcvbn-ts/core";
import { adjacencyGraphs, dictionary as international } from "@zxcvbn-ts/language-common";
import { dictionary as english } from "@zxcvbn-ts/language-en";
import type { Strength } from "../core/passwords/policy.ts";
import { adviceOn } from "./advice.ts";
import { commonPasswords } from "./common-passwords.ts";

const estimator = new ZxcvbnFactory({
  dictionary: { ...international, ...english },
  graphs: adjacencyGraphs,
});

const common = commonPasswords();

/** More than 10^8 guesses: safe at a login that is throttled. */
const leastScore = 3;

/** The estimate of 64 characters computes for up to 0.4 s, that of 256 for seconds. The rest of a password is a bonus. */
const mostMeasured = 64;

/** Parts of names that are shorter say nothing about their owner. */
const shortestWord = 3;

const mostWords = 100;

/** The strength of a password. The first call loads 27 MB, and each one computes for long: it runs in its own thread. */
export function measure(password: string, names: readonly string[]): Strength {
  if (common.has(password.toLowerCase().trim())) return { verdict: "common" };
  // No letter is split: half of a surrogate pair would count as another character.
  const measured = [...password].slice(0, mostMeasured).join("");
  const estimate = estimator.check(measured, wordsOf(names));
  if (isListed(estimate)) return { verdict: "common" };
  if (estimate.score >= leastScore) return { verdict: "strong" };
  return { verdict: "guessable", advice: adviceOn(estimate.feedback) };
}

/** Whether the whole password is on the estimator's own list of common passwords. */
function isListed({ sequence: [only, ...others] }: ZxcvbnResult): boolean {
  return (
    only?.pattern === "dictionary" &&
    others.length === 0 &&
    only["dictionaryName"] === "passwords-common" &&
    only["l33t"] === false &&
    only["reversed"] === false
  );
}

/** The names and their parts: `alice.liddell@example.org` also stands for alice, liddell and example. */
function wordsOf(names: readonly string[]): string[] {
  const parts = names.flatMap((name) => [name, ...name.split(/[^\p{L}\p{N}]+/u)]);
  const words = parts.map((part) => part.toLowerCase()).filter((part) => part.length >= shortestWord);
  return [...new Set(words)].slice(0, mostWords);
}

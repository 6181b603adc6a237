import { ZxcvbnFactory } from "@zxcvbn-ts/core";
import * as common from "@zxcvbn-ts/language-common";
import * as english from "@zxcvbn-ts/language-en";
import type { Strength } from "../core/passwords/policy.ts";

const estimator = new ZxcvbnFactory({
  dictionary: { ...common.dictionary, ...english.dictionary },
  graphs: common.adjacencyGraphs,
});

/** The strength of a password. This loads megabytes and computes for up to 0.2 s: it runs in a thread of its own. */
export function measure(password: string, words: readonly string[]): Strength {
  const { score } = estimator.check(password, [...words]);
  return score >= 3 ? { verdict: "strong" } : { verdict: "guessable", advice: ["more_words"] };
}

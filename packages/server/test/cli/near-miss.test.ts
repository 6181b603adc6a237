import fc from "fast-check";
import { expect, test } from "vitest";
import { nearMiss } from "../../src/cli/near-miss.ts";

const words = [
  "serve",
  "demo",
  "user",
  "session",
  "key",
  "database",
  "--access-token-ttl",
  "--database-pool",
];

test("a word with one slip of the finger is recognised", () => {
  const slip = fc.constantFrom(
    (word: string, at: number) => word.slice(0, at) + word.slice(at + 1),
    (word: string, at: number) => `${word.slice(0, at)}x${word.slice(at)}`,
    (word: string, at: number) => `${word.slice(0, at)}x${word.slice(at + 1)}`,
    (word: string, at: number) =>
      word.slice(0, at) + (word[at + 1] ?? "") + (word[at] ?? "") + word.slice(at + 2),
  );
  fc.assert(
    fc.property(fc.constantFrom(...words), slip, fc.nat(), (word, change, at) => {
      expect(nearMiss(change(word, at % word.length), words)).toBe(word);
    }),
  );
});

test("a word is nearest to itself", () => {
  for (const word of words) expect(nearMiss(word, words)).toBe(word);
});

test.for([[""], ["start"], ["x"], ["constructor"], ["--colour"], ["us"]])(
  "%j is near to no word",
  ([typed]) => {
    expect(nearMiss(typed ?? "", words)).toBeUndefined();
  },
);

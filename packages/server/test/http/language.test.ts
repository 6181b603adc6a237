import { describe, expect, test } from "vitest";
import { accountLanguages } from "../../src/http/account/texts/account-languages.ts";
import { languageOf, languages, waitingTime } from "../../src/http/pages/language.ts";

describe("the language of a page", () => {
  test.each([
    ["de", "de"],
    ["de-CH", "de"],
    ["DE-at", "de"],
    ["fr-CA, en;q=0.8", "fr"],
    ["en;q=0.5, fr;q=0.9", "fr"],
    ["ja, de;q=0.1", "de"],
    ["de;q=0, fr", "fr"],
  ] as const)("for Accept-Language: %s is %s", (accepted, language) => {
    expect(languageOf(accepted)).toBe(language);
  });

  test.each([undefined, "", "*", "ja", "*, de;q=0.5", "den", "toString", "__proto__", ";q=1,,", "de;q=0"])(
    "for Accept-Language: %s is English",
    (accepted) => expect(languageOf(accepted)).toBe("en"),
  );

  test("is found in a long header in linear time", () => {
    expect(languageOf(`${"ja;q=0.9,".repeat(1_500)}fr`)).toBe("fr");
  });
});

test.each([
  ["en", 1, "1 second"],
  ["en", 89, "89 seconds"],
  ["en", 90, "2 minutes"],
  ["de", 900, "15 Minuten"],
  ["fr", 30, "30 secondes"],
] as const)("a waiting time in %s of %d seconds is %s", (language, seconds, text) => {
  expect(waitingTime(language, seconds).replaceAll(/\s/g, " ")).toBe(text);
});

/** All texts of a language by their path. A text with a parameter gets a mark in its place. */
function textsIn(value: unknown, path = ""): [path: string, text: string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") return [[path, String(value("MARK"))]];
  return Object.entries(value ?? {}).flatMap(([name, part]) => textsIn(part, `${path}.${name}`));
}

describe.each([
  ["of the pages", languages],
  ["of the account pages", accountLanguages],
])("the texts %s", (_name, all) => {
  const english = new Map(textsIn(all.en));

  test.each(Object.keys(all))("in %s are complete and use every parameter", (name) => {
    const texts = textsIn(Object.entries(all).find(([one]) => one === name)?.[1]);
    expect(texts.map(([path]) => path).sort()).toEqual([...english.keys()].sort());
    for (const [path, text] of texts) {
      expect(text.trim(), path).not.toBe("");
      expect(text.includes("MARK"), path).toBe(english.get(path)?.includes("MARK"));
      for (const sentence of text.split(/[.:?] /)) {
        expect(sentence.split(" ").length, sentence).toBeLessThanOrEqual(20);
      }
    }
  });
});

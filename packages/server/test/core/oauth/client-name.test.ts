import { expect, test } from "vitest";
import { shownName } from "../../../src/core/oauth/client-name.ts";

const acute = "\u0301";
const grave = "\u0300";

test.each([
  ["a pile of marks", `A${"\u0489".repeat(60)}pp`, `A${"\u0489".repeat(4)}pp`],
  ["different marks in one pile", `x${(acute + grave).repeat(30)}`, `x${(acute + grave).repeat(2)}`],
  ["a mark without a letter", `${acute}App`, "App"],
  ["marks of a language", "Việt กู้ภัย דָּבָר", "Việt กู้ภัย דָּבָר".normalize("NFC")],
  ["a name of marks alone", acute.repeat(50), undefined],
])("%s", (_, claimed, shown) => {
  expect(shownName(claimed)).toBe(shown);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { isChallenge, isVerifier, verifies } from "../../src/core/oauth/pkce.ts";
import { challengeOf } from "./oauth-world.ts";

const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
const verifiers = fc.string({ unit: fc.constantFrom(...unreserved), minLength: 43, maxLength: 128 });

test("the example of RFC 7636, appendix B, verifies", () => {
  expect(
    verifies("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
  ).toBe(true);
});

test("a challenge verifies with its own verifier alone", () => {
  fc.assert(
    fc.property(verifiers, verifiers, (one, other) => {
      expect(isVerifier(one) && isChallenge(challengeOf(one))).toBe(true);
      expect(verifies(one, challengeOf(one))).toBe(true);
      expect(verifies(other, challengeOf(one))).toBe(one === other);
      expect(verifies(one, one)).toBe(false);
    }),
  );
});

test("a verifier has 43 to 128 unreserved characters", () => {
  for (const text of [
    "",
    "a".repeat(42),
    "a".repeat(129),
    `${"a".repeat(43)} `,
    `${"a".repeat(43)}\n`,
    "é".repeat(43),
  ]) {
    expect(isVerifier(text)).toBe(false);
    expect(verifies(text, challengeOf(text))).toBe(false);
  }
});

test("a challenge has 43 characters of base64url", () => {
  for (const text of [
    "",
    "a".repeat(42),
    "a".repeat(44),
    `${"a".repeat(42)}=`,
    `${"a".repeat(42)}+`,
    `${"a".repeat(43)}\n`,
  ])
    expect(isChallenge(text)).toBe(false);
});

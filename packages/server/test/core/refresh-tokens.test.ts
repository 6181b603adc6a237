import fc from "fast-check";
import { expect, test } from "vitest";
import { deriveKeys } from "../../src/core/tokens/derived-keys.ts";
import { RefreshTokens } from "../../src/core/tokens/refresh-tokens.ts";

const tokens = new RefreshTokens(deriveKeys("a secret that is long enough for this"));
const first = () => tokens.first();

test("a written token is read back", () => {
  const token = tokens.successor(first());
  expect(tokens.read(tokens.write(token))).toEqual(token);
});

test("a token has one successor, with another hash", () => {
  const token = first();
  expect(tokens.successor(token)).toEqual(tokens.successor(token));
  expect(tokens.stateOf(tokens.successor(token)).refreshHash).not.toBe(tokens.stateOf(token).refreshHash);
  const foreign = new RefreshTokens(deriveKeys("another secret that is long enough"));
  expect(foreign.successor(token).secret).not.toEqual(tokens.successor(token).secret);
});

test("a foreign text is rejected", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.base64String(),
        fc.string().map((text) => `lkr_${text}`),
      ),
      (text) => {
        expect(tokens.read(text)).toBeUndefined();
      },
    ),
  );
});

test("a token with one character changed, added or removed is rejected", () => {
  const text = tokens.write(first());
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.constantFrom(..."ABCxyz019-_ =.+/\u0000é"), (at, character) => {
      fc.pre(text[at] !== character);
      expect(tokens.read(text.slice(0, at) + character + text.slice(at + 1))).toBeUndefined();
      expect(tokens.read(text.slice(0, at) + character + text.slice(at))).toBeUndefined();
      expect(tokens.read(text.slice(0, at) + text.slice(at + 1))).toBeUndefined();
    }),
  );
});

test("a server with another secret rejects its tokens", () => {
  const foreign = new RefreshTokens(deriveKeys("another secret that is long enough"));
  expect(foreign.read(tokens.write(first()))).toBeUndefined();
});

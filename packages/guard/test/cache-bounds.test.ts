import { TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { expect, test } from "vitest";
import { TokenCache, type Verified } from "../src/check/token-cache.ts";

const issuer = await TestIssuer.make();
const principal = await issuer.guard().verify(await issuer.token());
const verified: Verified = { principal, kid: "k1", algorithm: "ES256", key: issuer.publicKey };

/** A token of 16,000 characters with its own signature. */
const longToken = (number: number) => String(number).padStart(16_000, "A");

test("the cache holds its number of tokens, and the oldest leaves first", () => {
  const cache = new TokenCache(2);
  for (const token of ["a", "b", "c"]) cache.add(token, verified);
  expect(["a", "b", "c"].map((token) => cache.get(token) !== undefined)).toEqual([false, true, true]);
});

test("the cache holds 16 million characters, and the oldest tokens leave first", () => {
  const cache = new TokenCache(10_000);
  for (let number = 0; number < 1_000; number++) cache.add(longToken(number), verified);
  expect(cache.get(longToken(0))).toBe(verified);
  cache.add(longToken(1_000), verified);
  expect([0, 1, 1_000].map((number) => cache.get(longToken(number)))).toEqual([
    undefined,
    verified,
    verified,
  ]);
});

test("a token that is added again counts once, a cleared cache from zero", () => {
  const cache = new TokenCache(10_000);
  for (let times = 0; times < 2_000; times++) cache.add(longToken(0), verified);
  for (let number = 1; number < 1_000; number++) cache.add(longToken(number), verified);
  expect(cache.get(longToken(0))).toBe(verified);
  cache.clear();
  for (let number = 0; number < 1_000; number++) cache.add(longToken(number), verified);
  expect(cache.get(longToken(0))).toBe(verified);
});

import { codeOf } from "@latchkey/testkit/mcp/issuer";
import { describe, expect, test } from "vitest";
import { ecSigner, encoded, goodClaims, goodHeader, guardOf, handMade } from "./hand-made.ts";

const signer = ecSigner();
const guard = guardOf({ k1: signer });
const good = handMade(goodHeader, goodClaims, signer.sign);
const limit = 16_384;

/** A good token of a given length, or up to three characters less. */
function tokenOf(length: number): string {
  const overhead = handMade(goodHeader, { ...goodClaims, filler: "" }, signer.sign).length;
  const bytes = Math.floor(((length - overhead) * 3) / 4);
  return handMade(goodHeader, { ...goodClaims, filler: "x".repeat(bytes) }, signer.sign);
}

// CVE-2025-61920: the whole token is decoded first. CVE-2025-27144, CVE-2025-30204: it is split at every dot.
describe("oversized tokens", () => {
  test("16 KiB are read, and no character more", async () => {
    const most = tokenOf(limit);
    expect(most.length).toBeGreaterThan(limit - 4);
    expect(most.length).toBeLessThanOrEqual(limit);
    expect(await codeOf(guard.verify(most))).toBe("accepted");
    const more = tokenOf(limit + 4);
    expect(more.length).toBeGreaterThan(limit);
    expect(await codeOf(guard.verify(more))).toBe("invalid_token");
    expect(guard.recall(more)).toBeUndefined();
  });

  const megabytes = 10_000_000;
  test.each<[string, () => string]>([
    ["one letter", () => "A".repeat(megabytes)],
    ["dots", () => ".".repeat(megabytes)],
    ["short parts", () => "A.".repeat(megabytes / 2)],
    ["spaces", () => " ".repeat(megabytes)],
    ["lone surrogates", () => "\ud800".repeat(megabytes)],
    ["a good token, 20,000 times", () => good.repeat(20_000)],
    ["a long header", () => `${"A".repeat(megabytes)}.${good}`],
    ["a long signature", () => good + "A".repeat(megabytes)],
    ["claims of 10 MB that the issuer signed", () => tokenOf(megabytes)],
    [
      "a kid of 10 MB",
      () => handMade({ ...goodHeader, kid: "k".repeat(megabytes) }, goodClaims, signer.sign),
    ],
  ])("%s", async (_name, token) => {
    expect(await codeOf(guard.verify(token()))).toBe("invalid_token");
  });

  test("texts that make a bad pattern backtrack", async () => {
    for (const text of [
      "A".repeat(limit),
      ".".repeat(limit),
      "A.".repeat(limit / 2),
      `${"A".repeat(limit - 3)}..*`,
    ]) {
      expect(text).toHaveLength(limit);
      expect(await codeOf(guard.verify(text))).toBe("invalid_token");
    }
  });
});

describe("deeply nested tokens", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  const claimsWith = (json: string) => `${JSON.stringify(goodClaims).slice(0, -1)},"deep":${json}}`;

  test.each<[string, string]>([
    ["lists", nested(100_000)],
    ["objects", `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`],
  ])("100,000 %s are too long a token", async (_name, json) => {
    expect(await codeOf(guard.verify(handMade(goodHeader, claimsWith(json), signer.sign)))).toBe(
      "invalid_token",
    );
    const header = `${JSON.stringify(goodHeader).slice(0, -1)},"deep":${json}}`;
    expect(await codeOf(guard.verify(handMade(header, goodClaims, signer.sign)))).toBe("invalid_token");
  });

  test("the deepest nesting that fits is read, frozen and cached", async () => {
    const token = handMade(goodHeader, claimsWith(nested(5_500)), signer.sign);
    expect(token.length).toBeGreaterThan(15_000);
    const { claims } = await guard.verify(token);
    expect(guard.recall(token)?.claims).toBe(claims);
    let depth = 0;
    for (let value: unknown = claims["deep"]; Array.isArray(value); value = value[0]) {
      expect(Object.isFrozen(value)).toBe(true);
      depth += 1;
    }
    expect(depth).toBe(5_500);
  });

  test("a header of brackets alone, without a signature", async () => {
    for (const text of [nested(6_000), "[".repeat(12_000), `{"alg":${nested(5_500)}}`]) {
      const token = `${encoded(text)}.${encoded("{}")}.AAAA`;
      expect(token.length).toBeLessThan(limit);
      expect(await codeOf(guard.verify(token))).toBe("invalid_token");
    }
  });

  test("very many members", async () => {
    const members = Array.from({ length: 1_000 }, (_none, number) => `"${number}":0`).join(",");
    const token = handMade(goodHeader, claimsWith(`{${members}}`), signer.sign);
    expect(await codeOf(guard.verify(token))).toBe("accepted");
    const wide = handMade(`{${JSON.stringify(goodHeader).slice(1, -1)},${members}}`, goodClaims, signer.sign);
    expect(await codeOf(guard.verify(wide))).toBe("accepted");
  });
});

import { codeOf, start } from "@latchkey/testkit/mcp/issuer";
import { afterEach, describe, expect, test } from "vitest";
import {
  ecSigner,
  encoded,
  goodClaims,
  goodHeader,
  guardOf,
  handMade,
  issuer,
  partsOf,
} from "./hand-made.ts";

const ours = ecSigner();
const theirs = ecSigner();
const as = (sub: string, claims: Record<string, unknown> = {}) =>
  handMade(goodHeader, { ...goodClaims, sub, preferred_username: sub, ...claims }, ours.sign);
const alice = as("alice");
const bob = as("bob");
afterEach(() => {
  issuer.ended.clear();
  issuer.now = start * 1_000;
});

// CVE-2026-35039: the cached result of one token answers for another.
describe("a token that shares a part with a cached token", () => {
  const [header, claims, signature] = partsOf(alice);
  const [, claimsOfBob, signatureOfBob] = partsOf(bob);
  const admin = encoded({ ...goodClaims, roles: ["admin"] });
  const otherHeader = encoded({ ...goodHeader, cty: "x" });
  test.each<[string, string]>([
    ["other signature", `${header}.${claims}.${signatureOfBob}`],
    ["a forger's signature", handMade(goodHeader, { ...goodClaims, sub: "alice" }, theirs.sign)],
    ["other claims", `${header}.${claimsOfBob}.${signature}`],
    ["claims with another role", `${header}.${admin}.${signature}`],
    ["other header", `${otherHeader}.${claims}.${signature}`],
    ["a part more before it", `${header}.${alice}`],
    ["a part more after it", `${alice}.${signature}`],
    ["claims before it", `${admin}.${alice}`],
    ["a beginning of it", alice.slice(0, -1)],
    ["an end of it", alice.slice(1)],
    ["its signature alone", signature],
    ["longer claims under its signature", `${header}.${claims}AAAA.${signature}`],
    ["a dot elsewhere", `${header}${claims.slice(0, 4)}.${claims.slice(4)}.${signature}`],
    ["itself twice", alice + alice],
    ["both", `${alice} ${bob}`],
    ["other case", alice.toUpperCase()],
  ])("%s", async (_name, token) => {
    const guard = guardOf({ k1: ours });
    await guard.verify(alice);
    await guard.verify(bob);
    expect(guard.recall(token)).toBeUndefined();
    expect(await codeOf(guard.verify(token))).toBe("invalid_token");
    expect(guard.recall(token)).toBeUndefined();
    // The forged token has evicted no good one.
    expect(guard.recall(alice)?.userId).toBe("alice");
    expect(guard.recall(bob)?.userId).toBe("bob");
  });
});

test.each([0, 1, 7, 10_000])(
  "a cache of %i keeps a thousand good and forged tokens apart",
  async (cacheSize) => {
    const guard = guardOf({ k1: ours }, { cacheSize });
    const people = Array.from({ length: 25 }, (_none, number) => `user-${number}`);
    const good = people.map((sub) => [as(sub), sub] as const);
    const forged = good.map(([token], at) => {
      const [header, claims, signature] = partsOf(token);
      const [, otherClaims, otherSignature] = partsOf(good[(at + 1) % good.length]?.[0] ?? "");
      const under =
        at % 2 === 0 ? `${header}.${claims}.${otherSignature}` : `${header}.${otherClaims}.${signature}`;
      return [under, "invalid_token"] as const;
    });
    const calls = Array.from({ length: 20 }, () => [...good, ...forged]).flat();
    expect(calls).toHaveLength(1_000);
    const answers = await Promise.all(
      calls.map(([token]) =>
        guard.verify(token).then(
          ({ userId }) => userId,
          (error) => error.code,
        ),
      ),
    );
    expect(answers).toEqual(calls.map(([, answer]) => answer));
  },
);

test("a session that ends during the first check of its token is refused", async () => {
  const guard = guardOf({ k1: ours });
  const checks = [as("eve", { sid: "short" }), alice].map((token) => codeOf(guard.verify(token)));
  issuer.ended.add("short");
  expect(await Promise.all(checks)).toEqual(["token_revoked", "accepted"]);
});

describe("the cache of a guard", () => {
  test("does not outlive the token, even if its user has a newer one", async () => {
    const guard = guardOf({ k1: ours });
    await guard.verify(alice);
    issuer.now += 60_000;
    expect(() => guard.recall(alice)).toThrow("expired");
    expect(await codeOf(guard.verify(alice))).toBe("token_expired");
    const later = as("alice", { exp: start + 120 });
    expect(await codeOf(guard.verify(later))).toBe("accepted");
    expect(await codeOf(guard.verify(alice))).toBe("token_expired");
  });

  test("does not serve a guard with another audience, issuer, algorithm or key", async () => {
    const guard = guardOf({ k1: ours });
    const others = [
      guardOf({ k1: ours }, { audience: "https://other.example" }),
      guardOf({ k1: ours }, { issuer: "https://other.example" }),
      guardOf({ k1: ours }, { algorithms: ["RS256"] }),
      guardOf({ k1: theirs }),
    ];
    expect(await codeOf(guard.verify(alice))).toBe("accepted");
    for (const other of others) {
      expect(other.recall(alice)).toBeUndefined();
      expect(await codeOf(other.verify(alice))).toBe("invalid_token");
    }
    expect(await codeOf(guard.verify(alice))).toBe("accepted");
  });

  test("ignores later changes of the options object", async () => {
    const audience = [issuer.audience];
    const algorithms: ("ES256" | "RS256")[] = ["ES256"];
    const guard = guardOf({ k1: ours }, { audience, algorithms });
    audience.push("https://other.example");
    algorithms.pop();
    const elsewhere = as("alice", { aud: "https://other.example" });
    expect(await codeOf(guard.verify(elsewhere))).toBe("invalid_token");
    expect(await codeOf(guard.verify(alice))).toBe("accepted");
  });

  test("follows the key: withdrawn, replaced under its kid, or restored", async () => {
    let key: typeof ours.key | undefined = ours.key;
    const guard = issuer.guard({ keys: { get: () => key } });
    await guard.verify(alice);
    key = undefined;
    expect(guard.recall(alice)).toBeUndefined();
    expect(await codeOf(guard.verify(alice))).toBe("invalid_token");
    key = theirs.key;
    expect(guard.recall(alice)).toBeUndefined();
    expect(await codeOf(guard.verify(alice))).toBe("invalid_token");
    key = ours.key;
    expect(await codeOf(guard.verify(alice))).toBe("accepted");
  });

  test("holds no refusals: a key that is added later counts", async () => {
    const known = new Map([["k1", theirs.key]]);
    const guard = issuer.guard({ keys: { get: (kid) => known.get(kid) } });
    expect(await codeOf(guard.verify(alice))).toBe("invalid_token");
    known.set("k1", ours.key);
    expect(await codeOf(guard.verify(alice))).toBe("accepted");
  });
});

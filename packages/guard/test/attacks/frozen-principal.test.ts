import { codeOf } from "@latchkey/testkit/mcp/issuer";
import { describe, expect, test } from "vitest";
import { ecSigner, goodClaims, goodHeader, guardOf, handMade } from "./hand-made.ts";

const signer = ecSigner();
const claims = {
  ...goodClaims,
  realm_access: { roles: ["user"] },
  resource_access: { notes: { roles: ["reader"], owners: [{ name: "alice" }] } },
  address: { lines: [["a"], ["b"]] },
};
const token = handMade(goodHeader, claims, signer.sign);

/** Changes that a careless or hostile handler could make to its principal. */
type Tampering = (value: object) => unknown;

const tamperings: [string, Tampering][] = [
  ["set", (value) => Reflect.set(value, Reflect.ownKeys(value)[0] ?? "0", "admin")],
  ["add", (value) => Reflect.set(value, "admin", true)],
  ["append", (value) => Array.prototype.push.call(value, "admin")],
  ["remove", (value) => Reflect.deleteProperty(value, Reflect.ownKeys(value)[0] ?? "0")],
  ["empty", (value) => Reflect.set(value, "length", 0)],
  ["define", (value) => Reflect.defineProperty(value, "userId", { get: () => "user:admin" })],
  ["change the prototype", (value) => Reflect.setPrototypeOf(value, { admin: true })],
  ["merge", (value) => Object.assign(value, { userId: "user:admin", roles: ["admin"], sub: "user:admin" })],
  ["sort", (value) => Array.prototype.sort.call(value)],
];

/** The value and all its members, on every level. */
function within(value: unknown): object[] {
  return typeof value === "object" && value !== null ? [value, ...Object.values(value).flatMap(within)] : [];
}

/** A deep copy with prototypes, which `structuredClone` loses. */
function copyOf(value: unknown) {
  return {
    value: structuredClone(value),
    prototypes: within(value).map((one) => Object.getPrototypeOf(one)),
  };
}

describe("a handler cannot change the principal of the next handler", () => {
  test.each(tamperings)("%s", async (_name, tamper) => {
    const guard = guardOf({ k1: signer });
    const first = await guard.verify(token);
    const before = copyOf(first);
    const all = within(first);
    expect(all.length).toBeGreaterThan(10);
    for (const value of all) {
      try {
        tamper(value);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
      }
    }
    expect(copyOf(await guard.verify(token))).toStrictEqual(before);
    expect(copyOf(guard.recall(token))).toStrictEqual(before);
    expect(copyOf(await guardOf({ k1: signer }).verify(token))).toStrictEqual(before);
  });

  test("every level is frozen, also without a cache", async () => {
    for (const cacheSize of [0, 10]) {
      const principal = await guardOf({ k1: signer }, { cacheSize }).verify(token);
      for (const value of within(principal)) expect(Object.isFrozen(value)).toBe(true);
    }
  });
});

test("a cached token's expiry and session cannot be changed", async () => {
  const guard = guardOf({ k1: signer });
  const principal = await guard.verify(token);
  expect(Reflect.set(principal, "expiresAt", Number.POSITIVE_INFINITY)).toBe(false);
  expect(Reflect.set(principal, "sessionId", undefined)).toBe(false);
  expect(await codeOf(guard.verify(token))).toBe("accepted");
});

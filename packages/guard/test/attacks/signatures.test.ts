import { createHash, sign } from "node:crypto";
import { codeOf } from "@latchkey/testkit/mcp/issuer";
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
  rsaSigner,
} from "./hand-made.ts";

const ec = ecSigner();
const rsa = rsaSigner();
/** Exponent 3: the cube of a chosen number can be made to look like a signed hash. */
const cube = rsaSigner(3);
const guard = guardOf({ k1: ec, rsa, cube });
afterEach(() => issuer.ended.clear());
/** Order of P-256 (FIPS 186-5, SP 800-186 §3.2.1.3), half the size of a signature in hexadecimal. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

function pair(r: bigint, s: bigint): Buffer {
  return Buffer.from([r, s].map((number) => number.toString(16).padStart(64, "0")).join(""), "hex");
}

function numbersOf(signature: Buffer): [r: bigint, s: bigint] {
  const hex = signature.toString("hex");
  return [BigInt(`0x${hex.slice(0, 64)}`), BigInt(`0x${hex.slice(64)}`)];
}

// CVE-2020-28042: a missing signature is not checked.
describe("a blank or null signature", () => {
  const [header, claims, signature] = partsOf(handMade(goodHeader, goodClaims, ec.sign));
  test.each<[string, string]>([
    ["empty", `${header}.${claims}.`],
    ["no third part", `${header}.${claims}`],
    ["no claims", `${header}..${signature}`],
    ["no header", `.${claims}.${signature}`],
    ["signature alone", `..${signature}`],
    ["nothing but dots", ".."],
    ["one byte of zero", `${header}.${claims}.AA`],
    ["null", `${header}.${claims}.null`],
    ["undefined", `${header}.${claims}.undefined`],
    ["all zero", `${header}.${claims}.${"A".repeat(86)}`],
    ["all one", `${header}.${claims}.${encoded(Buffer.alloc(64, 255))}`],
    ["a space", `${header}.${claims}. `],
    ["an asterisk", `${header}.${claims}.*`],
  ])("%s", async (_name, token) => expect(await codeOf(guard.verify(token))).toBe("invalid_token"));
});

// CVE-2022-21449, psychic signatures: zeros fit every message.
describe("an ECDSA signature with numbers out of range", () => {
  const edges = { 0: 0n, 1: 1n, "n-1": order - 1n, n: order, "n+1": order + 1n, "2^256-1": 2n ** 256n - 1n };
  const pairs = Object.entries(edges).flatMap(([nameOfR, r]) =>
    Object.entries(edges).map(([nameOfS, s]) => [nameOfR, nameOfS, r, s] as const),
  );
  test.each(pairs)("r=%s, s=%s", async (_r, _s, r, s) => {
    expect(await codeOf(guard.verify(handMade(goodHeader, goodClaims, () => pair(r, s))))).toBe(
      "invalid_token",
    );
  });

  test("r=0, s=0 in DER", async () => {
    expect(await codeOf(guard.verify(handMade(goodHeader, goodClaims, () => "MAYCAQACAQA")))).toBe(
      "invalid_token",
    );
  });

  test.each<[string, (r: bigint, s: bigint) => Buffer]>([
    ["r is 0", (_r, s) => pair(0n, s)],
    ["s is 0", (r) => pair(r, 0n)],
    ["r is s", (r) => pair(r, r)],
    ["r and s changed places", (r, s) => pair(s, r)],
    ["r negated", (r, s) => pair(order - r, s)],
  ])("of a good one, %s", async (_name, change) => {
    const token = handMade(goodHeader, goodClaims, (input) => change(...numbersOf(ec.sign(input))));
    expect(await codeOf(guard.verify(token))).toBe("invalid_token");
  });
});

// CVE-2020-13822: one signature in several spellings.
describe("another spelling of a good signature", () => {
  test.each<[string, (signature: Buffer, input: string) => Uint8Array]>([
    ["DER", (_signature, input) => sign("sha256", Buffer.from(input), ec.privateKey)],
    ["a byte after it", (signature) => Buffer.concat([signature, Buffer.alloc(1)])],
    ["a byte before it", (signature) => Buffer.concat([Buffer.alloc(1), signature])],
    ["twice", (signature) => Buffer.concat([signature, signature])],
    ["without its last byte", (signature) => signature.subarray(0, 63)],
    ["without its first byte", (signature) => signature.subarray(1)],
    ["r and s filled to 33 bytes", (signature) => filled(signature, 33)],
    ["r and s filled to 48 bytes, as for P-384", (signature) => filled(signature, 48)],
    ["as a text", (signature) => Buffer.from(signature.toString("hex"))],
    ["bytes in reverse", (signature) => Buffer.from(signature).reverse()],
  ])("%s", async (_name, change) => {
    const token = handMade(goodHeader, goodClaims, (input) => change(ec.sign(input), input));
    expect(await codeOf(guard.verify(token))).toBe("invalid_token");
  });

  test.each<[string, (signature: Buffer) => Uint8Array]>([
    ["as it is", (signature) => signature],
    ["a byte after it", (signature) => Buffer.concat([signature, Buffer.alloc(1)])],
    ["a byte before it", (signature) => Buffer.concat([Buffer.alloc(1), signature])],
    ["the modulus added", (signature) => plusModulus(signature)],
  ])("RS256: %s", async (name, change) => {
    const token = handMade({ ...goodHeader, alg: "RS256", kid: "rsa" }, goodClaims, (input) =>
      change(rsa.sign(input)),
    );
    expect(await codeOf(guard.verify(token))).toBe(name === "as it is" ? "accepted" : "invalid_token");
  });
});

describe("the other ECDSA signature of the same token, with s negated", () => {
  const token = handMade(goodHeader, goodClaims, ec.sign);
  const twin = handMade(goodHeader, goodClaims, (input) => {
    const [header, claims, signature] = partsOf(token);
    expect(input).toBe(`${header}.${claims}`);
    const [r, s] = numbersOf(Buffer.from(signature, "base64url"));
    return pair(r, order - s);
  });

  test("is good (FIPS 186-5 §6.4), with the same principal", async () => {
    expect(twin).not.toBe(token);
    expect(await guard.verify(twin)).toEqual(await guard.verify(token));
  });

  test("ends with the session too", async () => {
    const fresh = guardOf({ k1: ec });
    expect(await codeOf(fresh.verify(token))).toBe("accepted");
    expect(await codeOf(fresh.verify(twin))).toBe("accepted");
    issuer.ended.add("session-1");
    for (const one of [fresh, guardOf({ k1: ec })]) {
      expect(await codeOf(one.verify(token))).toBe("token_revoked");
      expect(await codeOf(one.verify(twin))).toBe("token_revoked");
    }
  });
});

// CVE-2006-4339: with exponent 3, a cube root passes a check that ignores the end of the block.
test("an RSA signature that is a cube root is refused", async () => {
  const header = { ...goodHeader, alg: "RS256", kid: "cube" };
  expect(await codeOf(guard.verify(handMade(header, goodClaims, cube.sign)))).toBe("accepted");
  const sha256 = Buffer.from("3031300d060960864801650304020105000420", "hex");
  const forged = handMade(header, { ...goodClaims, roles: ["admin"] }, (input) => {
    const hash = createHash("sha256").update(input).digest();
    const block = Buffer.concat([Buffer.from([0, 1, ...Array(8).fill(255), 0]), sha256, hash]);
    const least = BigInt(`0x${block.toString("hex")}`) << BigInt((256 - block.length) * 8);
    const root = cubeRoot(least);
    expect(
      (root ** 3n)
        .toString(16)
        .padStart(512, "0")
        .slice(0, block.length * 2),
    ).toBe(block.toString("hex"));
    return Buffer.from(root.toString(16).padStart(512, "0"), "hex");
  });
  expect(await codeOf(guard.verify(forged))).toBe("invalid_token");
});

function filled(signature: Buffer, length: number): Buffer {
  const gap = Buffer.alloc(length - 32);
  return Buffer.concat([gap, signature.subarray(0, 32), gap, signature.subarray(32)]);
}

/** The same number modulo n, above n (RFC 8017 §5.2.2 forbids it). */
function plusModulus(signature: Buffer): Buffer {
  const { n = "" } = rsa.publicKey.export({ format: "jwk" });
  const modulus = BigInt(`0x${Buffer.from(n, "base64url").toString("hex")}`);
  const sum = (BigInt(`0x${signature.toString("hex")}`) + modulus).toString(16);
  return Buffer.from(sum.padStart(Math.max(512, sum.length + (sum.length % 2)), "0"), "hex");
}

/** The least number with a cube of at least `cubed`. */
function cubeRoot(cubed: bigint): bigint {
  let [low, high] = [0n, 1n << 700n];
  while (low < high) {
    const middle = (low + high) / 2n;
    if (middle ** 3n < cubed) low = middle + 1n;
    else high = middle;
  }
  return low;
}

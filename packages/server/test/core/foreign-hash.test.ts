import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foreignBounds } from "../../src/core/passwords/foreign-bounds.ts";
import type { ForeignHash } from "../../src/core/passwords/foreign-hash.ts";
import { parseForeignHash } from "../../src/core/passwords/parse-foreign-hash.ts";
import { checkForeignHash } from "../../src/password-checks/check-foreign-hash.ts";
import { firebaseVector, foreignVectors, vectorPassword } from "./foreign-vectors.ts";

function read(text: string): ForeignHash {
  const hash = parseForeignHash(text);
  if ("problem" in hash) throw new Error(hash.problem);
  return hash;
}

const { separator, signerKey, salt, hash } = firebaseVector;
const firebaseTexts = {
  "the form of Supabase": `$fbscrypt$v=1,n=14,r=8,p=1,ss=${separator},sk=${signerKey}$${salt}$${hash}`,
  "the form of Kratos": `$firescrypt$ln=14,r=8,p=1$${salt}$${hash}$${separator}$${signerKey}`,
  "the URL alphabet": `$fbscrypt$v=1,n=14,r=8,p=1,ss=${separator},sk=${signerKey}$${salt.replace("+", "-")}$${hash.replaceAll("/", "_")}`,
};

describe("the right password alone opens a hash of another program", () => {
  test.each(foreignVectors)("%s", async (_origin, text) => {
    const hash = read(text);
    expect(await checkForeignHash(hash, vectorPassword)).toBe(true);
    expect(await checkForeignHash(hash, `${vectorPassword}!`)).toBe(false);
    expect(await checkForeignHash(hash, "")).toBe(false);
  });

  test.each(Object.entries(firebaseTexts))("Firebase in %s", async (_form, text) => {
    expect(await checkForeignHash(read(text), firebaseVector.password)).toBe(true);
    expect(await checkForeignHash(read(text), "user2password")).toBe(false);
  });

  test("Kratos' names of SHA-crypt", async () => {
    const [, text = ""] = foreignVectors.find(([origin]) => origin === "OpenSSL SHA-512-crypt") ?? [];
    const hash = read(text.replace("$6$", "$sha512-crypt$"));
    expect(hash.text).toBe(text);
    expect(await checkForeignHash(hash, vectorPassword)).toBe(true);
  });

  test("bcrypt counts the first 72 bytes, like the programs of its hashes", async () => {
    // Made by Python's bcrypt 4.0 of 80 letters x.
    const hash = read("$2b$04$x0a.y3kM6VrEKI67YEYodOX.VuiPbnuS.hPPev8/Pn9k4.ryRjvW.");
    expect(await checkForeignHash(hash, "x".repeat(80))).toBe(true);
    expect(await checkForeignHash(hash, "x".repeat(71))).toBe(false);
    expect(await checkForeignHash(hash, `${"x".repeat(72)}\0`)).toBe(true);
    expect(await checkForeignHash(hash, `${"x".repeat(71)}\0x`)).toBe(false);
  });

  test("a password that is too long for SHA-crypt is wrong", async () => {
    const hash = read("$5$rounds=1000$9.t1DWMM3BkZtfwV$2HdxrVwyKXsGGahi99Vp60Y6z4eadF5JgPVSGMlNWW0");
    expect(await checkForeignHash(hash, "x".repeat(2000))).toBe(false);
  });
});

test.each([...foreignVectors, ...Object.entries(firebaseTexts)])(
  "the stored form of %s is read as itself",
  (_origin, text) => {
    const hash = read(text);
    expect(read(hash.text)).toEqual(hash);
  },
);

const key = "A".repeat(43);
describe("a cost beyond the bounds is refused, and never computed", () => {
  test.each([
    ["argon2 with 4 GiB", `$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$${key}`],
    ["argon2 with a million passes", `$argon2id$v=19$m=64,t=1000000,p=1$c2FsdHNhbHQ$${key}`],
    ["argon2 with 4,294,967,295 lanes", `$argon2id$v=19$m=64,t=1,p=4294967295$c2FsdHNhbHQ$${key}`],
    ["argon2 with no pass", `$argon2id$v=19$m=64,t=0,p=1$c2FsdHNhbHQ$${key}`],
    ["bcrypt 31", `$2b$31$${"A".repeat(53)}`],
    ["bcrypt 3", `$2b$03$${"A".repeat(53)}`],
    ["Django's bcrypt 31", `bcrypt_sha256$$2b$31$${"A".repeat(53)}`],
    ["scrypt with N=2^30", `$scrypt$ln=30,r=8,p=1$c2FsdA$${key}`],
    ["scrypt with N=2^63", `$scrypt$ln=63,r=8,p=1$c2FsdA$${key}`],
    ["scrypt with r=2^30", `$scrypt$ln=1,r=1073741824,p=1$c2FsdA$${key}`],
    ["scrypt with p=2^30", `$scrypt$ln=10,r=8,p=1073741824$c2FsdA$${key}`],
    ["Kratos' scrypt with N=2^30", `$scrypt$ln=1073741824,r=8,p=1$c2FsdA$${key}`],
    ["scrypt with p=65: the lanes cost more than their memory", `$scrypt$ln=1,r=1,p=65$c2FsdA$${key}`],
    ["scrypt with r=65", `$scrypt$ln=1,r=65,p=1$c2FsdA$${key}`],
    ["scrypt with an N that r does not allow (RFC 7914 §2)", `$scrypt$ln=16,r=1,p=1$c2FsdA$${key}`],
    ["scrypt with an N that is not a power of two", `$scrypt$ln=1000,r=8,p=1$c2FsdA$${key}`],
    ["Django's scrypt with N=2^30", `scrypt$1073741824$salt$8$1$${key}`],
    ["Firebase with N=2^30", firebaseTexts["the form of Supabase"].replace("n=14", "n=30")],
    ["PBKDF2 with 10^9 iterations", `$pbkdf2-sha256$i=1000000000,l=32$c2FsdA$${key}`],
    ["Django's PBKDF2 with 10^9 iterations", `pbkdf2_sha256$1000000000$salt$${key}`],
    ["PBKDF2 with no iteration", `$pbkdf2-sha256$i=0,l=32$c2FsdA$${key}`],
    ["SHA-crypt with 999,999,999 rounds", `$6$rounds=999999999$salt$${"A".repeat(86)}`],
    ["phpass with 2^31 rounds", `$P$T${"A".repeat(30)}`],
  ])("%s", (_name, text) => {
    expect(parseForeignHash(text)).toEqual({ problem: expect.stringMatching(/^its cost \(.*\) is beyond/) });
  });

  test.each([
    ["PBKDF2 with a key of 15 bytes", `$pbkdf2-sha256$i=1000,l=15$c2FsdA$${"A".repeat(20)}`],
    ["scrypt with a key of 1 byte", "$scrypt$ln=10,r=8,p=1$c2FsdA$AA"],
    ["PBKDF2 with a key of 200 bytes", `$pbkdf2-sha256$i=1000,l=200$c2FsdA$${"A".repeat(268)}`],
    ["Firebase with another signer key", firebaseTexts["the form of Supabase"].replace(signerKey, key)],
    ["$2x$, of a faulty program", `$2x$10$${"A".repeat(53)}`],
    ["SHA-crypt with rounds behind a zero", `$5$rounds=01000$salt$${".".repeat(43)}`],
    ["MD5", "5f4dcc3b5aa765d61d8327deb882cf99"],
    ["nothing", ""],
    ["a megabyte", `$2b$10$${"A".repeat(1_000_000)}`],
  ])("%s is refused", (_name, text) => {
    expect(parseForeignHash(text)).toEqual({ problem: expect.any(String) });
  });
});

const digits = fc.integer({ min: 0, max: 4_294_967_296 });
const base64 = fc.base64String({ maxLength: 64 }).map((text) => text.replaceAll("=", ""));
const garbage = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc
    .constantFrom(...foreignVectors.map(([, text]) => text))
    .chain((text) =>
      fc
        .tuple(fc.nat(text.length), fc.string({ maxLength: 4 }))
        .map(([at, put]) => text.slice(0, at) + put + text.slice(at + 1)),
    ),
  fc
    .tuple(digits, digits, digits, base64, base64)
    .map(([n, r, p, salt, key]) => `$scrypt$ln=${n},r=${r},p=${p}$${salt}$${key}`),
  fc.tuple(digits, base64, base64).map(([i, salt, key]) => `$pbkdf2-sha512$i=${i}$${salt}$${key}`),
  fc
    .tuple(digits, digits, digits, base64, base64)
    .map(([m, t, p, salt, key]) => `$argon2i$v=19$m=${m},t=${t},p=${p}$${salt}$${key}`),
);

test("any text is a hash, or is refused in one line that does not repeat it", () => {
  fc.assert(
    fc.property(garbage, (text) => {
      const hash = parseForeignHash(text);
      if (!("problem" in hash)) return void expect(parseForeignHash(hash.text)).toEqual(hash);
      expect(hash.problem).toMatch(/^[\w ()=,.^$:'/-]+$/);
      expect(hash.problem.length).toBeLessThan(160);
    }),
    { numRuns: 2_000 },
  );
});

test("whatever is read is checked without an error", async () => {
  const isCheap = (hash: ForeignHash) =>
    !(hash.scheme === "bcrypt" && !hash.phc.startsWith("$2b$04$")) &&
    !(hash.scheme === "pbkdf2" && hash.iterations > 10_000);
  await fc.assert(
    fc.asyncProperty(garbage, fc.string({ unit: "binary", maxLength: 100 }), async (text, password) => {
      const hash = parseForeignHash(text);
      if ("problem" in hash || !isCheap(hash)) return;
      expect(await checkForeignHash(hash, password)).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test("scrypt at the edges of its bounds is checked without an error", async () => {
  const key = Buffer.alloc(32).toString("base64").replaceAll("=", "");
  for (const cost of ["ln=1,r=64,p=64", "ln=15,r=1,p=64", "ln=15,r=64,p=1", "ln=1,r=1,p=1"])
    expect(await checkForeignHash(read(`$scrypt$${cost}$c2FsdA$${key}`), vectorPassword)).toBe(false);
});

test("the bounds leave room for the costs that authors and OWASP advise", () => {
  expect(foreignBounds.bcrypt.cost).toBeGreaterThanOrEqual(14);
  expect(foreignBounds.pbkdf2.work).toBeGreaterThanOrEqual(1_400_000);
  expect(foreignBounds.scrypt.memory).toBeGreaterThanOrEqual(128 * 2 ** 17 * 8);
  expect(foreignBounds.argon2.memory).toBeGreaterThanOrEqual(2 ** 19);
});

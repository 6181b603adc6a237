import { codeOf } from "@latchkey/testkit/mcp/issuer";
import { describe, expect, test } from "vitest";
import {
  ecSigner,
  goodClaims,
  goodHeader,
  guardOf,
  handMade,
  partsOf,
  type UntypedGuard,
} from "./hand-made.ts";

const signer = ecSigner();
const guard = guardOf({ k1: signer });
const token = handMade(goodHeader, goodClaims, signer.sign);
const [header, claims, signature] = partsOf(token);
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

test("the unchanged token is accepted", async () => {
  expect(await codeOf(guard.verify(token))).toBe("accepted");
});

// RFC 7515 §2, RFC 4648 §3: no padding, no line breaks, no other characters. The same bytes have one text.
describe("another spelling of the same bytes", () => {
  const spellings: [string, (part: string) => string][] = [
    ["padded", (part) => `${part}${"=".repeat((4 - (part.length % 4)) % 4 || 1)}`],
    ["padded without need", (part) => `${part}====`],
    ["line break at the end", (part) => `${part}\n`],
    ["line break inside", (part) => `${part.slice(0, 8)}\r\n${part.slice(8)}`],
    ["space inside", (part) => `${part.slice(0, 8)} ${part.slice(8)}`],
    ["tab before", (part) => `\t${part}`],
    ["NUL at the end", (part) => `${part}\u0000`],
    ["zero-width space inside", (part) => `${part.slice(0, 8)}\u200b${part.slice(8)}`],
    ["percent-encoded", (part) => `%${part.charCodeAt(0).toString(16)}${part.slice(1)}`],
    ["full-width letters", (part) => String.fromCharCode(part.charCodeAt(0) + 0xfee0) + part.slice(1)],
    ["lone surrogate at the end", (part) => `${part}\ud800`],
    ["one character more", (part) => `${part}A`],
    ["one character less", (part) => part.slice(0, -1)],
  ];
  test.each(spellings)("%s", async (_name, spell) => {
    for (const changed of [
      `${spell(header)}.${claims}.${signature}`,
      `${header}.${spell(claims)}.${signature}`,
      `${header}.${claims}.${spell(signature)}`,
    ]) {
      expect(await codeOf(guard.verify(changed))).toBe("invalid_token");
    }
  });

  test("the spare bits of the last character of the signature", async () => {
    const last = alphabet.indexOf(signature.slice(-1));
    const same = [...alphabet].filter((_letter, at) => at >> 4 === last >> 4 && at !== last);
    expect(same).toHaveLength(15);
    for (const letter of same) {
      const changed = `${token.slice(0, -1)}${letter}`;
      const bytes = Buffer.from(partsOf(changed)[2], "base64url");
      expect(bytes.equals(Buffer.from(signature, "base64url"))).toBe(true);
      expect(await codeOf(guard.verify(changed))).toBe("invalid_token");
    }
  });

  test("+ and / of plain base64", async () => {
    let swapped = 0;
    for (let number = 0; swapped < 5; number += 1) {
      const one = handMade(goodHeader, { ...goodClaims, number, text: "~~~???>>>" }, signer.sign);
      const plain = one.replaceAll("-", "+").replaceAll("_", "/");
      if (plain === one) continue;
      swapped += 1;
      expect(await codeOf(guard.verify(plain))).toBe("invalid_token");
    }
  });
});

test.each<[string, string]>([
  ["space", " "],
  ["line break", "\n"],
  ["carriage return and line break", "\r\n"],
  ["tab", "\t"],
  ["NUL", "\u0000"],
  ["no-break space", "\u00a0"],
  ["byte order mark", "\ufeff"],
  ["quotation mark", '"'],
  ["comma", ","],
  ["semicolon", ";"],
  ["full stop", "."],
  ["equals sign", "="],
  ["lone surrogate", "\udfff"],
  ["bearer", "Bearer "],
])("a token with %s around it is refused", async (_name, text) => {
  for (const changed of [text + token, token + text, text + token + text]) {
    expect(await codeOf(guard.verify(changed))).toBe("invalid_token");
    expect(guard.recall(changed)).toBeUndefined();
  }
});

describe("a value other than a text, from a program without types", () => {
  const untyped: UntypedGuard = guard;
  const throwing = {
    toString() {
      throw new Error("asked");
    },
  };
  test.each<[string, unknown, string]>([
    ["undefined", undefined, "missing_token"],
    ["null", null, "missing_token"],
    ["empty text", "", "invalid_token"],
    ["number", 5, "invalid_token"],
    ["NaN", Number.NaN, "invalid_token"],
    ["big integer", 5n, "invalid_token"],
    ["boolean", true, "invalid_token"],
    ["symbol", Symbol("token"), "invalid_token"],
    ["function", () => token, "invalid_token"],
    ["object", {}, "invalid_token"],
    ["object without a prototype", Object.create(null), "invalid_token"],
    ["object that reads as the token", { toString: () => token }, "invalid_token"],
    ["object that inherits from texts", Object.create(String.prototype), "invalid_token"],
    ["object that throws", throwing, "invalid_token"],
    ["text in an object", Object(token), "invalid_token"],
    ["list", [token], "invalid_token"],
    ["list of two", [token, token], "invalid_token"],
    ["empty list", [], "invalid_token"],
    ["parts", [header, claims, signature], "invalid_token"],
    ["buffer", Buffer.from(token), "invalid_token"],
    ["bytes", new TextEncoder().encode(token), "invalid_token"],
    ["flattened JWS", { protected: header, payload: claims, signature }, "invalid_token"],
    ["promise", Promise.resolve(token), "invalid_token"],
  ])("%s", async (_name, value, code) => {
    expect(await codeOf(guard.verify(token))).toBe("accepted");
    expect(await codeOf(untyped.verify(value))).toBe(code);
    expect(untyped.recall(value)).toBeUndefined();
  });
});

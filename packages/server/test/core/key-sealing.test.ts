import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { seal, unseal } from "../../src/core/tokens/key-sealing.ts";

const key = randomBytes(32);
const secret = Buffer.from("a private key");

test("a sealed key is decrypted again", () => {
  expect(unseal(seal(secret, "k1", key), "k1", key)).toEqual(secret);
});

test("a sealed key needs its own kid and its own sealing key", () => {
  const sealed = seal(secret, "k1", key);
  expect(unseal(sealed, "k2", key)).toBeUndefined();
  expect(unseal(sealed, "k1", randomBytes(32))).toBeUndefined();
});

test("a sealed key with a changed bit or a missing byte is refused", () => {
  const sealed = Buffer.from(seal(secret, "k1", key), "base64");
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(at) ^ change, at);
      expect(unseal(changed.toString("base64"), "k1", key)).toBeUndefined();
      expect(unseal(sealed.subarray(0, at).toString("base64"), "k1", key)).toBeUndefined();
    }),
  );
});

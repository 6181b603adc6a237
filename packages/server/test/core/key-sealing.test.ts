import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { seal, unseal } from "../../src/core/key-sealing.ts";

const key = randomBytes(32);
const secret = Buffer.from("a private key");

test("what was sealed is opened again", () => {
  expect(unseal(seal(secret, "k1", key), "k1", key)).toEqual(secret);
});

test("it opens for no other kid and no other key", () => {
  const sealed = seal(secret, "k1", key);
  expect(unseal(sealed, "k2", key)).toBeUndefined();
  expect(unseal(sealed, "k1", randomBytes(32))).toBeUndefined();
});

test("it does not open once any bit was changed or any byte cut off", () => {
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

import { createCipheriv, createHash, pbkdf2, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { verify as verifyArgon2 } from "@node-rs/argon2";
import { foreignBounds } from "../core/passwords/foreign-bounds.ts";
import type { DerivedHash, ForeignHash, ScryptCost } from "../core/passwords/foreign-hash.ts";
import type { ForeignCheck } from "../core/passwords/passwords.ts";
import { runInThread } from "./threads.ts";

/** The hash queue is fair already, and has few slots: jobs that come from it need no turns of their own. */
const hashQueue = { address: "hash queue", account: "" };

/** Longer passwords are wrong: each round hashes the password, and no system accepted one of this length. */
const longestForCrypt = 512;

/**
 * Checks a password with a hash of another system, off the thread that answers requests: on libuv's threads, or in the
 * thread of the crypt family. The code of bcrypt is loaded by its first hash.
 *
 * @throws {LatchkeyError} `overloaded` if the thread of the crypt family is busy or stopped
 */
export const checkForeignHash: ForeignCheck = async (hash, password) => {
  switch (hash.scheme) {
    case "argon2":
      return verifyArgon2(hash.phc, password);
    case "bcrypt": {
      const { verify } = await import("@node-rs/bcrypt");
      return verify(hash.prehashed ? sha256(password) : password, hash.phc);
    }
    case "scrypt":
      return timingSafeEqual(hash.key, await derive(password, hash.salt, hash.key.length, hash.cost));
    case "firebase":
      return matchesFirebase(hash, password);
    case "pbkdf2": {
      const { salt, key, iterations, digest } = hash;
      return timingSafeEqual(key, await promisify(pbkdf2)(password, salt, iterations, key.length, digest));
    }
    case "sha-crypt":
    case "phpass": {
      const isPossible = Buffer.byteLength(password) <= longestForCrypt;
      const job = { text: hash.text, password: isPossible ? password : "-" };
      const isRight = await runInThread("crypt", job, hashQueue);
      return isPossible && isRight;
    }
  }
};

function sha256(password: string): string {
  return createHash("sha256").update(password).digest("hex");
}

function derive(
  password: string,
  salt: DerivedHash["salt"],
  length: number,
  { n, r, p }: ScryptCost,
): Promise<Buffer> {
  const options = { N: n, r, p, maxmem: 2 * foreignBounds.scrypt.memory };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, length, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/** The derived key encrypts the signer key of the project. AES in counter mode starts at zero for every hash. */
async function matchesFirebase(
  { salt, separator, signerKey, key, cost }: ForeignHash & { scheme: "firebase" },
  password: string,
): Promise<boolean> {
  const cipherKey = await derive(password, Buffer.concat([salt, separator]), 32, cost);
  const cipher = createCipheriv("aes-256-ctr", cipherKey, Buffer.alloc(16));
  return timingSafeEqual(key, Buffer.concat([cipher.update(signerKey), cipher.final()]));
}

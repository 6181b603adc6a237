import type { BinaryLike } from "node:crypto";

/** The digests of PBKDF2 that are checked. */
export type Pbkdf2Digest = "sha1" | "sha256" | "sha512";

/** The cost of scrypt (RFC 7914): `N`, `r` and `p`. */
export interface ScryptCost {
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

/** The parts of a hash from a key derivation: the salt, and the key that the right password gives. */
export interface DerivedHash {
  readonly salt: BinaryLike & Uint8Array;
  readonly key: Uint8Array;
}

/**
 * A password hash that another system made, with its cost within the bounds. `text` is its stored form: one for each
 * scheme, whatever form it was read from.
 */
export type ForeignHash = { readonly text: string } & (
  | { readonly scheme: "argon2"; readonly phc: string }
  /** `prehashed`: Django's `bcrypt_sha256` gives bcrypt the SHA-256 of the password, in hexadecimal. */
  | { readonly scheme: "bcrypt"; readonly phc: string; readonly prehashed: boolean }
  | ({ readonly scheme: "scrypt"; readonly cost: ScryptCost } & DerivedHash)
  /** Firebase encrypts its signer key with the derived key. The result is the hash. */
  | ({ readonly scheme: "firebase"; readonly cost: ScryptCost } & FirebaseKeys & DerivedHash)
  | ({ readonly scheme: "pbkdf2"; readonly digest: Pbkdf2Digest; readonly iterations: number } & DerivedHash)
  | { readonly scheme: "sha-crypt" }
  | { readonly scheme: "phpass" }
);

/** The parameters of a Firebase project that every hash of it needs. */
export interface FirebaseKeys {
  readonly separator: Uint8Array;
  readonly signerKey: Uint8Array;
}

/** The reason why a hash cannot be checked, as a clause. It holds nothing of the hash but its cost. */
export interface ForeignHashProblem {
  readonly problem: string;
}

/** The stored text of a user without a password: no password matches it, and it is not a fault. */
export const noPassword = "!";

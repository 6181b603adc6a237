import type { ScryptCost } from "./foreign-hash.ts";

/**
 * The most expensive hashes of other systems that are checked. A check takes a few seconds at most. Each bound is above
 * the costs that the authors of the scheme and OWASP's Password Storage Cheat Sheet advise.
 */
export const foreignBounds = {
  argon2: {
    /** KiB. */
    memory: 1_048_576,
    /** KiB times passes. */
    work: 4_194_304,
    lanes: 64,
  },
  bcrypt: { cost: 16 },
  scrypt: {
    /** Bytes: 128 · N · r. */
    memory: 268_435_456,
    /** Bytes times lanes. */
    work: 1_073_741_824,
    /** Each block of a lane is hashed, however small `N` is: millions of them would take half a minute. */
    blocks: 64,
    lanes: 64,
  },
  pbkdf2: {
    /** Iterations, times the blocks of the digest that make up the key. */
    work: 5_000_000,
  },
  shaCrypt: { rounds: 1_000_000 },
  phpass: {
    /** Base 2 logarithm of the rounds. */
    cost: 20,
  },
} as const;

/** A key shorter than this, in bytes, would match wrong passwords by chance. */
export const shortestKey = 16;

/** The longest key and salt of a derivation, in bytes. */
export const longestPart = 128;

/** The reason why a cost is refused; undefined if it is within the bound. */
export function costProblem(scheme: string, cost: string, isWithin: boolean): string | undefined {
  return isWithin ? undefined : `its cost (${scheme} ${cost}) is beyond the bounds of docs/migrate.md`;
}

/** The same for scrypt. RFC 7914 §2 asks for an `N` that is a power of two below 2^(16 · r): any other one throws. */
export function scryptProblem({ n, r, p }: ScryptCost): string | undefined {
  const { memory, work, blocks, lanes } = foreignBounds.scrypt;
  const bytes = 128 * n * r;
  const isPossible = Number.isSafeInteger(n) && n > 1 && Number.isInteger(Math.log2(n)) && n < 2 ** (16 * r);
  const isOfBounds = r >= 1 && r <= blocks && p >= 1 && p <= lanes;
  const isWithin = isOfBounds && bytes <= memory && bytes * p <= work;
  return costProblem("scrypt", `N=${n}, r=${r}, p=${p}`, isPossible && isWithin);
}

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

/** The same for scrypt. A `N` that is not a power of two is not scrypt's. */
export function scryptProblem({ n, r, p }: ScryptCost): string | undefined {
  const memory = 128 * n * r;
  const isPowerOfTwo = Number.isSafeInteger(n) && n > 1 && Number.isInteger(Math.log2(n));
  const isWithin =
    memory <= foreignBounds.scrypt.memory && memory * p <= foreignBounds.scrypt.work && r > 0 && p > 0;
  return costProblem("scrypt", `N=${n}, r=${r}, p=${p}`, isPowerOfTwo && isWithin);
}

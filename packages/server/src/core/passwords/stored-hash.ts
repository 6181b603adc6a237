import { parseOptions } from "@node-rs/argon2";
import { foreignBounds } from "./foreign-bounds.ts";
import type { ForeignHash } from "./foreign-hash.ts";
import { parseForeignHash } from "./parse-foreign-hash.ts";

/** The cost of Latchkey's own hashes. */
export interface HashParameters {
  /** KiB. */
  readonly memory: number;
  readonly iterations: number;
  readonly parallelism: number;
}

/** A stored hash that can be checked. `cost` is the part of a PHC string before the salt. */
export type StoredHash =
  | { readonly kind: "own"; readonly cost: string }
  | { readonly kind: "foreign"; readonly hash: ForeignHash };

/** A cost in the form of a PHC string. */
export function costOf({ memory, iterations, parallelism }: HashParameters): string {
  return `$argon2id$v=19$m=${memory},t=${iterations},p=${parallelism}`;
}

/**
 * Reads a stored hash: argon2 in the PHC form is Latchkey's own, every other form is of another system.
 *
 * @param current the present cost. A hash may cost as much, even beyond the bounds of other systems
 * @returns undefined if it cannot be checked
 */
export function readStoredHash(text: string, current: HashParameters): StoredHash | undefined {
  if (!text.startsWith("$argon2")) {
    const hash = parseForeignHash(text);
    return "problem" in hash ? undefined : { kind: "foreign", hash };
  }
  const most = {
    memory: Math.max(foreignBounds.argon2.memory, current.memory),
    work: Math.max(foreignBounds.argon2.work, current.memory * current.iterations),
  };
  try {
    const { memoryCost, timeCost } = parseOptions(text);
    if (memoryCost > most.memory || memoryCost * timeCost > most.work) return undefined;
    return { kind: "own", cost: text.split("$").slice(0, -2).join("$") };
  } catch {
    return undefined;
  }
}

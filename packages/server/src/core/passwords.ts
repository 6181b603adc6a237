import { randomBytes } from "node:crypto";
import { hash, parseOptions, verify } from "@node-rs/argon2";
import type { HashQueue } from "./hash-queue.ts";

/** NIST SP 800-63B-4 §3.1.1.2 asks for at least 64 characters; this bounds the work that a long one makes. */
export const maxPasswordBytes = 1024;

/** Decomposed letters take up to three times the bytes; beyond that, normalising is not worth its time. */
const maxTypedBytes = 2048;

export interface HashParameters {
  /** KiB. */
  readonly memory: number;
  readonly iterations: number;
  readonly parallelism: number;
}

/** The two costly operations, as `@node-rs/argon2` does them on a thread of its own. */
export interface Hasher {
  hash(password: string, parameters: HashParameters): Promise<string>;
  verify(phc: string, password: string): Promise<boolean>;
}

export const argon2id: Hasher = {
  hash: (password, { memory, iterations, parallelism }) =>
    hash(password, { memoryCost: memory, timeCost: iterations, parallelism }),
  verify: (phc, password) => verify(phc, password),
};

/** Hashes and checks passwords with argon2id (RFC 9106), never more at once than the queue allows. */
export class Passwords {
  readonly #parameters: HashParameters;
  readonly #queue: HashQueue;
  readonly #hasher: Hasher;

  constructor(parameters: HashParameters, queue: HashQueue, hasher: Hasher = argon2id) {
    this.#parameters = parameters;
    this.#queue = queue;
    this.#hasher = hasher;
  }

  /** @throws {LatchkeyError} `overloaded` where there is no room for another hash */
  assertRoom(): void {
    this.#queue.assertRoom();
  }

  hasRoom(): boolean {
    return this.#queue.hasRoom();
  }

  /** PHC string of a password. @throws {LatchkeyError} `overloaded`, `client_gone` */
  hash(password: string, signal?: AbortSignal): Promise<string> {
    return this.#queue.run(() => this.#hasher.hash(password.normalize("NFKC"), this.#parameters), signal);
  }

  /**
   * Checks a password with exactly one hash operation, whatever is wrong: where there is no hash to check
   * against, or the password could never be right, a hash that no password fits is checked instead.
   *
   * @param phc of the account's password; undefined where there is no such account
   * @param decoy a hash whose cost such an account is given, as if it were one of those that there are
   * @throws {LatchkeyError} `overloaded`, `client_gone`
   */
  verify(
    phc: string | undefined,
    decoy: string | undefined,
    password: string,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const typed = normalized(password);
    return this.#queue.run(() => {
      if (phc !== undefined && typed !== undefined) return this.#hasher.verify(phc, typed);
      return this.#hasher.verify(this.#withoutPassword(phc ?? decoy), typed ?? "-");
    }, signal);
  }

  /** A hash of the same cost, or else of today's, that no password fits. */
  #withoutPassword(phc: string | undefined): string {
    const { memory, iterations, parallelism } = this.#parameters;
    const [cost] = /^\$argon2\w+\$v=\d+\$m=\d+,t=\d+,p=\d+/.exec(phc ?? "") ?? [];
    const random = (bytes: number) => randomBytes(bytes).toString("base64").replaceAll("=", "");
    return `${cost ?? `$argon2id$v=19$m=${memory},t=${iterations},p=${parallelism}`}$${random(16)}$${random(32)}`;
  }

  /** Whether a hash was made with other parameters than today's. */
  needsUpgrade(phc: string): boolean {
    const made = parseOptions(phc);
    const { memory, iterations, parallelism } = this.#parameters;
    return (
      !phc.startsWith("$argon2id$") ||
      made.memoryCost !== memory ||
      made.timeCost !== iterations ||
      made.parallelism !== parallelism
    );
  }
}

/**
 * The same password typed on two keyboards can differ in bytes (NIST SP 800-63B-4 §3.1.1.2).
 *
 * @returns undefined for a password that can be nobody's
 */
export function normalized(password: string): string | undefined {
  if (password === "" || Buffer.byteLength(password) > maxTypedBytes) return undefined;
  const typed = password.normalize("NFKC");
  return Buffer.byteLength(typed) <= maxPasswordBytes ? typed : undefined;
}

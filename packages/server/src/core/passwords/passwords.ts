import { randomBytes } from "node:crypto";
import { hash, parseOptions, verify } from "@node-rs/argon2";
import type { HashQueue, HashRequester } from "./hash-queue.ts";

/** The longest password. NIST SP 800-63B-4 §3.1.1.2 asks for at least 64 characters; the bound limits the work. */
export const maxPasswordBytes = 1024;

/** The longest typed password: decomposed letters take up to three times the bytes. A longer one is not normalised. */
const maxTypedBytes = 2048;

export interface HashParameters {
  /** KiB. */
  readonly memory: number;
  readonly iterations: number;
  readonly parallelism: number;
}

/** The two expensive operations. `@node-rs/argon2` runs them on the threads of libuv's pool. */
export interface Hasher {
  hash(password: string, parameters: HashParameters): Promise<string>;
  verify(phc: string, password: string): Promise<boolean>;
}

export const argon2id: Hasher = {
  hash: (password, { memory, iterations, parallelism }) =>
    hash(password, { memoryCost: memory, timeCost: iterations, parallelism }),
  verify: (phc, password) => verify(phc, password),
};

/** Hashes and checks passwords with argon2id (RFC 9106), within the limits of the queue. */
export class Passwords {
  /** Its limits apply to every hash. */
  readonly queue: HashQueue;
  readonly #parameters: HashParameters;
  readonly #hasher: Hasher;

  constructor(parameters: HashParameters, queue: HashQueue, hasher: Hasher = argon2id) {
    this.#parameters = parameters;
    this.queue = queue;
    this.#hasher = hasher;
  }

  /** PHC string of a password. @throws {LatchkeyError} `overloaded`, `client_gone` */
  hash(password: string, requester: HashRequester): Promise<string> {
    return this.queue.run(() => this.#hasher.hash(password.normalize("NFKC"), this.#parameters), requester);
  }

  /**
   * Checks a password with exactly one hash operation. For an unknown account, an unusable hash or an impossible
   * password it checks a random hash of the same cost.
   *
   * @param phc of the account's password; undefined for an unknown account
   * @param decoy a stored hash. If `phc` has no cost, the check costs as much as this one
   * @throws {LatchkeyError} `overloaded`, `client_gone`
   */
  verify(
    phc: string | undefined,
    decoy: string | undefined,
    password: string,
    requester: HashRequester,
  ): Promise<boolean> {
    const typed = normalized(password);
    const cost = costOf(phc ?? "") ?? costOf(decoy ?? "") ?? this.#cost;
    const usable = typed !== undefined && phc !== undefined && isUsableHash(phc);
    const checked = usable ? phc : randomHash(cost);
    return this.queue.run(() => this.#hasher.verify(checked, typed ?? "-"), requester);
  }

  /** The cost of the current parameters, in the form of a PHC string. */
  get #cost(): string {
    const { memory, iterations, parallelism } = this.#parameters;
    return `$argon2id$v=19$m=${memory},t=${iterations},p=${parallelism}`;
  }

  /** Whether a stored hash has other parameters than the current ones. */
  needsUpgrade(phc: string): boolean {
    return costOf(phc) !== this.#cost;
  }
}

/**
 * The same password typed on two keyboards can differ in bytes (NIST SP 800-63B-4 §3.1.1.2).
 *
 * @returns undefined for a password that no user can have
 */
export function normalized(password: string): string | undefined {
  if (password === "" || Buffer.byteLength(password) > maxTypedBytes) return undefined;
  const typed = password.normalize("NFKC");
  return Buffer.byteLength(typed) <= maxPasswordBytes ? typed : undefined;
}

/** Whether a stored hash can be checked: argon2 in the PHC format, with a cost that a setting could have. */
export function isUsableHash(phc: string): boolean {
  return costOf(phc) !== undefined;
}

const mostMemory = 4_194_304;
const mostIterations = 100;

/** The cost in a PHC string; undefined if the string is not a usable hash. */
function costOf(phc: string): string | undefined {
  try {
    const { memoryCost, timeCost } = parseOptions(phc);
    if (memoryCost > mostMemory || timeCost > mostIterations) return undefined;
    return phc.split("$").slice(0, -2).join("$");
  } catch {
    return undefined;
  }
}

/** A hash of this cost that no password matches. */
function randomHash(cost: string): string {
  const random = (bytes: number) => randomBytes(bytes).toString("base64").replaceAll("=", "");
  return `${cost}$${random(16)}$${random(32)}`;
}

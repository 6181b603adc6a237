import { randomBytes } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";
import type { QueuedRequester } from "./fair-slots.ts";
import type { ForeignHash } from "./foreign-hash.ts";
import type { HashQueue } from "./hash-queue.ts";
import { costOf, type HashParameters, readStoredHash, type StoredHash } from "./stored-hash.ts";

/** The longest password. NIST SP 800-63B-4 §3.1.1.2 asks for at least 64 characters; the bound limits the work. */
export const maxPasswordBytes = 1024;

/** The longest typed password: decomposed letters take up to three times the bytes. A longer one is not normalised. */
const maxTypedBytes = 2048;

/** The two expensive operations. `@node-rs/argon2` runs them on the threads of libuv's pool. */
export interface Hasher {
  hash(password: string, parameters: HashParameters): Promise<string>;
  verify(phc: string, password: string): Promise<boolean>;
  /** Default: the check of the server. */
  readonly checkForeign?: ForeignCheck;
}

/** Checks a password with a hash of another system. The password is hashed as its bytes in UTF-8, without a change. */
export type ForeignCheck = (hash: ForeignHash, password: string) => Promise<boolean>;

export const argon2id: Hasher = {
  hash: (password, { memory, iterations, parallelism }) =>
    hash(password, { memoryCost: memory, timeCost: iterations, parallelism }),
  verify: (phc, password) => verify(phc, password),
};

/**
 * Hashes passwords with argon2id (RFC 9106), within the limits of the queue. Checks these hashes, and those of other
 * systems.
 */
export class Passwords {
  /** Its limits apply to every hash. */
  readonly queue: HashQueue;
  readonly #parameters: HashParameters;
  readonly #hasher: Hasher;
  readonly #checkForeign: ForeignCheck;

  /** @param checkForeign Default, for a process that checks no password: it throws */
  constructor(
    parameters: HashParameters,
    queue: HashQueue,
    hasher: Hasher = argon2id,
    checkForeign: ForeignCheck = noForeignCheck,
  ) {
    this.#parameters = parameters;
    this.queue = queue;
    this.#hasher = hasher;
    this.#checkForeign = hasher.checkForeign ?? checkForeign;
  }

  /** PHC string of a password. @throws {LatchkeyError} `overloaded`, `client_gone` */
  hash(password: string, requester: QueuedRequester): Promise<string> {
    return this.queue.run(() => this.#hasher.hash(password.normalize("NFKC"), this.#parameters), requester);
  }

  /**
   * Checks a password with exactly one turn in the queue. For an unknown account, an unusable hash or an impossible
   * password it does the work of another hash, which no password matches.
   *
   * @param stored hash of the account's password; undefined for an unknown account
   * @param decoy a stored hash. If `stored` has no cost, the check costs as much as this one
   * @throws {LatchkeyError} `overloaded`, `client_gone`
   */
  verify(
    stored: string | undefined,
    decoy: string | undefined,
    password: string,
    requester: QueuedRequester,
  ): Promise<boolean> {
    const ofAccount = this.#read(stored);
    const checked = ofAccount ?? this.#read(decoy) ?? { kind: "own", cost: this.#cost };
    const typed = normalized(password);
    const isPossible = ofAccount !== undefined && typed !== undefined;
    return this.queue.run(() => {
      if (checked.kind === "foreign") return this.#verifyForeign(checked.hash, password, typed, isPossible);
      const phc = isPossible && stored !== undefined ? stored : randomHash(checked.cost);
      return this.#hasher.verify(phc, typed ?? "-");
    }, requester);
  }

  /**
   * The other system hashed the bytes that a keyboard sent. They are tried first, then their NFKC. The two differ for
   * few passwords, and the work depends on the password alone: a decoy does the same.
   */
  async #verifyForeign(
    hash: ForeignHash,
    password: string,
    typed: string | undefined,
    isPossible: boolean,
  ): Promise<boolean> {
    const spellings = typed === undefined ? ["-"] : new Set([password, typed]);
    for (const spelling of spellings) {
      if ((await this.#checkForeign(hash, spelling)) && isPossible) return true;
    }
    return false;
  }

  /** The cost of the current parameters, in the form of a PHC string. */
  get #cost(): string {
    return costOf(this.#parameters);
  }

  #read(stored: string | undefined): StoredHash | undefined {
    return stored === undefined ? undefined : readStoredHash(stored, this.#parameters);
  }

  /** Whether a stored hash can be checked. */
  isUsable(stored: string): boolean {
    return this.#read(stored) !== undefined;
  }

  /** Whether a stored hash has other parameters than the current ones, or is of another system. */
  needsUpgrade(stored: string): boolean {
    const hash = this.#read(stored);
    return hash?.kind !== "own" || hash.cost !== this.#cost;
  }
}

const noForeignCheck: ForeignCheck = () => {
  throw new Error("this process checks no passwords");
};

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

/** A hash of this cost that no password matches. */
function randomHash(cost: string): string {
  const random = (bytes: number) => randomBytes(bytes).toString("base64").replaceAll("=", "");
  return `${cost}$${random(16)}$${random(32)}`;
}

import { createPrivateKey, type KeyObject, type webcrypto } from "node:crypto";
import type { AuditEvent } from "../audit-events.ts";
import type { Clock, SteadyClock } from "../clock.ts";
import { type LatchkeyError, storeUnavailable } from "../errors.ts";
import { CachedRead } from "./cached-read.ts";
import { seal, unseal, unsealWithAny } from "./key-sealing.ts";
import type { KeyStore, ResealedKey, StoredKey } from "./key-store.ts";
import {
  algorithmOf,
  importPublicKey,
  newSigningKeyPair,
  type SigningAlgorithm,
} from "./signing-key-pair.ts";

/** How long another process may use the retired key and the old key set after a rotation, in milliseconds. */
const noticeMs = 60_000;
/** How long a cache may keep the key set, in milliseconds. */
export const keySetLifetime = 300_000;
/** How long a key set without a new key may be in use after the key was created, in milliseconds. */
const publishedAhead = keySetLifetime + noticeMs;

export interface Signer {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: KeyObject;
}

type Ring = Awaited<ReturnType<typeof ringOf>>;

export interface SigningKeyParts {
  readonly store: KeyStore;
  /** Encrypts private keys at rest. */
  readonly sealing: Buffer;
  /** Keys of other secrets, which only decrypt. */
  readonly otherSealing?: readonly Buffer[];
  readonly clock: Clock;
  readonly steady: SteadyClock;
  /** The algorithm of new keys. Keys that exist keep theirs. */
  readonly algorithm: SigningAlgorithm;
}

/** How an attempt to rotate ended. */
export type Rotation =
  | { readonly outcome: "rotated" }
  /** Another process rotated first. */
  | { readonly outcome: "overtaken" }
  /** Caches may still hold a key set without the next key. It may sign at `from`. */
  | { readonly outcome: "too early"; readonly from: number };

/**
 * The keys that sign access tokens. The active key signs. The next key is published in advance, so every verifier has
 * it before its first signature. A retired key stays published until its last token has expired.
 */
export class SigningKeys {
  readonly #parts: SigningKeyParts;
  readonly #reading: CachedRead;
  #ring: Ring;
  /** When the keys were read, by the steady clock. */
  #readAt: number;

  private constructor(parts: SigningKeyParts, ring: Ring) {
    const { clock: now, steady } = parts;
    this.#parts = parts;
    this.#ring = ring;
    this.#readAt = steady();
    this.#reading = new CachedRead("signing keys", () => this.#read(), { now, steady });
  }

  /**
   * Loads the keys, or creates the first two.
   *
   * @throws {SealedKeyError} if the keys were sealed with another `LATCHKEY_SECRET`
   */
  static async open(parts: SigningKeyParts): Promise<SigningKeys> {
    const { store, clock } = parts;
    let stored = await store.all();
    if (stored.length === 0) {
      await store.seed(...(await firstKeys(clock(), parts)));
      stored = await store.all();
    }
    const ring = await ringOf(stored, parts);
    // A next key that cannot be opened would stop the server weeks later, at its rotation.
    if (ring.signer === undefined || opened(ring.next, parts) === undefined) throw new SealedKeyError();
    return new SigningKeys(parts, ring);
  }

  /**
   * Replaces all keys by new ones, sealed with the present secret. Every token of the old keys becomes void, so every
   * session ends. Running servers with the same secret read the new keys within a second. Those with another secret
   * sign no more tokens.
   *
   * @returns the id of the key that signs from now on
   */
  static async reset(
    parts: Pick<SigningKeyParts, "store" | "sealing" | "algorithm">,
    event: AuditEvent,
  ): Promise<string> {
    const [active, next] = await firstKeys(event.at, parts);
    await parts.store.reset(active, next, event);
    return active.kid;
  }

  /** @throws {LatchkeyError} `store_unavailable` if the keys were reset with another secret */
  assertUsable(): void {
    if (this.#ring.signer === undefined) throw this.#sealedElsewhere();
  }

  /** @throws {LatchkeyError} `store_unavailable` if the keys were reset with another secret */
  get signer(): Signer {
    if (this.#ring.signer === undefined) throw this.#sealedElsewhere();
    return this.#ring.signer;
  }

  #sealedElsewhere(): LatchkeyError {
    return storeUnavailable(
      "`latchkey key reset` sealed the signing keys with another secret: restart this server with that secret",
    );
  }

  /** JWK Set (RFC 7517 §5). */
  get keySet(): { readonly keys: readonly Record<string, unknown>[] } {
    return this.#ring.keySet;
  }

  /**
   * Whether a cache may keep the key set. A process that has not read the keys for a minute may lack the next key of
   * another process's rotation.
   */
  get keySetIsCurrent(): boolean {
    return this.#parts.steady() - this.#readAt < noticeMs;
  }

  /** All keys, as they are stored. */
  get stored(): readonly StoredKey[] {
    return this.#ring.stored;
  }

  /** The published key with this id. */
  get(kid: string): webcrypto.CryptoKey | undefined {
    return this.#ring.published.get(kid);
  }

  /** Reads the changes of other processes. */
  poll(): Promise<void> {
    return this.#reading.read();
  }

  /**
   * Reads the keys because a token names an unknown key, which may be new.
   *
   * @throws {LatchkeyError} `store_unavailable` if they cannot be read
   */
  refresh(): Promise<void> {
    return this.#reading.renew();
  }

  async #read(): Promise<void> {
    const { store, steady } = this.#parts;
    const began = steady();
    const stored = await store.all();
    this.#readAt = Math.max(this.#readAt, began);
    if (!sameKeys(stored, this.#ring.stored)) this.#ring = await ringOf(stored, this.#parts);
  }

  /**
   * Seals all private keys with the first secret, so that the other secrets can be removed. Replicas may do this at
   * once, with another order of secrets: each key stays open to all of them.
   *
   * @returns the number of keys that another secret had sealed
   */
  async reseal(): Promise<number> {
    const { store, sealing, otherSealing = [] } = this.#parts;
    const resealed: ResealedKey[] = [];
    for (const { kid, sealedPrivateKey: from } of otherSealing.length > 0 ? this.#ring.stored : []) {
      if (unseal(from, kid, sealing) !== undefined) continue;
      const privateKey = unsealWithAny(from, kid, otherSealing);
      if (privateKey !== undefined) resealed.push({ kid, from, to: seal(privateKey, kid, sealing) });
    }
    if (resealed.length > 0) await store.reseal(resealed);
    return resealed.length;
  }

  /**
   * Activates the next key and creates a new next one. A second rotation within `publishedAhead` is refused: a key may
   * sign only after every cached key set has it.
   *
   * @param tokenLifetime of the longest-lived access token, in milliseconds
   * @param force rotates in any case. Verifiers behind a cache may refuse good tokens for `keySetLifetime`
   */
  async rotate(tokenLifetime: number, event: AuditEvent, force = false): Promise<Rotation> {
    const at = this.#parts.clock();
    const from = this.#nextMaySignFrom();
    if (at < from && !force) return { outcome: "too early", from };
    const rotation = {
      activeKid: this.signer.kid,
      nextKid: this.#ring.next.kid,
      successor: await newKey(at, this.#parts),
      at,
      keepUntil: at + tokenLifetime + noticeMs,
    };
    const rotated = await this.#parts.store.rotate(rotation, event);
    await this.poll();
    return { outcome: rotated ? "rotated" : "overtaken" };
  }

  #nextMaySignFrom(): number {
    const { next, stored } = this.#ring;
    // The first key and its next key were created together, so every key set has both.
    const isFirst = stored.every(
      ({ activatedAt, createdAt, retiredAt }) =>
        retiredAt === null && (activatedAt === null || activatedAt === createdAt),
    );
    return isFirst ? Number.NEGATIVE_INFINITY : next.createdAt + publishedAhead;
  }
}

/** The signing keys in the database cannot be opened with this secret. */
export class SealedKeyError extends Error {
  constructor() {
    super(
      "this is not the secret that the database was made with: set LATCHKEY_SECRET to that one, " +
        "or add that one on a line of its own; " +
        "if it is lost, `latchkey key reset` makes new signing keys, and everybody signs in again",
    );
  }
}

/** A key that signs at once, and the next one. */
async function firstKeys(
  at: number,
  parts: Pick<SigningKeyParts, "sealing" | "algorithm">,
): Promise<[active: StoredKey, next: StoredKey]> {
  return [{ ...(await newKey(at, parts)), activatedAt: at }, await newKey(at, parts)];
}

async function newKey(
  at: number,
  { sealing, algorithm }: Pick<SigningKeyParts, "sealing" | "algorithm">,
): Promise<StoredKey> {
  const { publicJwk, privateKey } = await newSigningKeyPair(algorithm);
  const { kid } = publicJwk;
  return {
    kid,
    publicJwk: JSON.stringify(publicJwk),
    sealedPrivateKey: seal(privateKey.export({ format: "der", type: "pkcs8" }), kid, sealing),
    createdAt: at,
    activatedAt: null,
    retiredAt: null,
    keepUntil: null,
  };
}

type Sealing = Pick<SigningKeyParts, "sealing" | "otherSealing">;

/** The private key, opened with the first secret that opens it. */
function opened(key: StoredKey, { sealing, otherSealing = [] }: Sealing): Buffer | undefined {
  return unsealWithAny(key.sealedPrivateKey, key.kid, [sealing, ...otherSealing]);
}

/** The keys in use. Keys that were sealed with another secret have no signer, and still verify. */
async function ringOf(stored: readonly StoredKey[], sealing: Sealing) {
  const active = stored.find((key) => key.activatedAt !== null && key.retiredAt === null);
  const next = stored.find((key) => key.activatedAt === null);
  if (active === undefined || next === undefined)
    throw new Error("the database holds no complete set of signing keys");
  const pkcs8 = opened(active, sealing);
  const keys = stored.map((key): Record<string, unknown> => JSON.parse(key.publicJwk));
  const published = new Map<string, webcrypto.CryptoKey>();
  for (const jwk of keys) published.set(String(jwk["kid"]), await importPublicKey(jwk));
  const signer: Signer | undefined = pkcs8 && {
    kid: active.kid,
    algorithm: algorithmOf(JSON.parse(active.publicJwk)),
    privateKey: createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }),
  };
  return { signer, next, published, keySet: { keys }, stored };
}

function sameKeys(a: readonly StoredKey[], b: readonly StoredKey[]): boolean {
  const states = (keys: readonly StoredKey[]) =>
    keys.map(({ kid, activatedAt, retiredAt }) => `${kid} ${activatedAt} ${retiredAt}`).join();
  return states(a) === states(b);
}

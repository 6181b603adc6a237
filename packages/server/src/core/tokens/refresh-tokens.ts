import { createHash, createHmac, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import type { RefreshTokenState } from "../stories/sessions.ts";
import type { DerivedKeys } from "./derived-keys.ts";
import { bytesBehind, type SealKey, sealBytes, sealedWith, sealOf } from "./seals.ts";

const prefix = "lkr_";
const idBytes = 16;
const generationBytes = 4;
const secretBytes = 32;
const signedBytes = idBytes + generationBytes + secretBytes;
const length = prefix.length + Math.ceil(((signedBytes + sealBytes) * 4) / 3);

/** A refresh token, taken apart. */
export interface RefreshToken {
  /** 16 random bytes in base64url. */
  readonly sessionId: string;
  readonly generation: number;
  readonly secret: Buffer;
}

/** A successor of a token: its state in the store, and its text for the client. */
export interface Successor {
  readonly state: RefreshTokenState;
  readonly text: string;
}

/** The keys of one secret. */
type SecretKeys = Pick<DerivedKeys, "refreshChain" | "refreshSeal">;

interface TokenKeys extends SealKey {
  readonly chain: KeyObject;
}

/**
 * Refresh tokens form a chain. Each successor is a keyed hash of its predecessor, so a repeat of a token gets the
 * same successor. The store holds the hash of the current token alone. A seal tells genuine tokens from forged ones
 * before the store is read. It also makes every old token recognisable as a replay (RFC 9700 §4.14.2).
 *
 * The first secret makes tokens. A token that another secret has sealed is read as well.
 */
export class RefreshTokens {
  readonly #first: TokenKeys;
  readonly #others: readonly TokenKeys[];

  /** @param others keys of other secrets */
  constructor(first: SecretKeys, ...others: readonly SecretKeys[]) {
    this.#first = keysOf(first);
    this.#others = others.map(keysOf);
  }

  /** The first token of a new session. The id of the session cannot be guessed. */
  first(): RefreshToken {
    const sessionId = randomBytes(idBytes).toString("base64url");
    // A command line would take it for an option.
    if (sessionId.startsWith("-")) return this.first();
    return { sessionId, generation: 0, secret: randomBytes(secretBytes) };
  }

  /** The successor of a token, always the same one. */
  successor(token: RefreshToken): RefreshToken {
    return successorOf(token, this.#first);
  }

  /**
   * The successors of a token, one for each secret. The first one is given out here. A replica with the secrets in
   * another order gives out one of the others.
   */
  successors(token: RefreshToken): readonly [Successor, ...Successor[]] {
    const by = (keys: TokenKeys): Successor => {
      const next = successorOf(token, keys);
      return { state: this.stateOf(next), text: written(next, keys) };
    };
    return [by(this.#first), ...this.#others.map(by)];
  }

  /** The state of a token that the store holds. */
  stateOf({ generation, secret }: RefreshToken): RefreshTokenState {
    return { generation, refreshHash: createHash("sha256").update(secret).digest("base64url") };
  }

  write(token: RefreshToken): string {
    return written(token, this.#first);
  }

  /** Reads a token that this Latchkey wrote; undefined for any other text. */
  read(text: string): RefreshToken | undefined {
    const bytes = text.length === length ? bytesBehind(prefix, text) : undefined;
    if (bytes?.length !== signedBytes + sealBytes) return undefined;
    const signed = bytes.subarray(0, signedBytes);
    const all = [this.#first, ...this.#others];
    if (sealedWith(signed, bytes.subarray(signedBytes), all) === undefined) return undefined;
    return {
      sessionId: signed.subarray(0, idBytes).toString("base64url"),
      generation: signed.readUInt32BE(idBytes),
      secret: signed.subarray(idBytes + generationBytes),
    };
  }
}

function keysOf({ refreshChain, refreshSeal }: SecretKeys): TokenKeys {
  return { chain: createSecretKey(refreshChain), seal: createSecretKey(refreshSeal) };
}

function successorOf({ sessionId, generation, secret }: RefreshToken, { chain }: TokenKeys): RefreshToken {
  const next = { sessionId, generation: generation + 1, secret };
  return { ...next, secret: createHmac("sha256", chain).update(bytesOf(next)).digest() };
}

function written(token: RefreshToken, keys: TokenKeys): string {
  const bytes = bytesOf(token);
  return prefix + Buffer.concat([bytes, sealOf(bytes, keys)]).toString("base64url");
}

function bytesOf({ sessionId, generation, secret }: RefreshToken): Buffer {
  const bytes = Buffer.alloc(signedBytes);
  bytes.write(sessionId, 0, idBytes, "base64url");
  bytes.writeUInt32BE(generation, idBytes);
  secret.copy(bytes, idBytes + generationBytes);
  return bytes;
}

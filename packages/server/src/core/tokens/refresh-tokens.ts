import {
  createHash,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import type { RefreshTokenState } from "../stories/sessions.ts";
import type { DerivedKeys } from "./derived-keys.ts";

const prefix = "lkr_";
const idBytes = 16;
const generationBytes = 4;
const secretBytes = 32;
const sealBytes = 16;
const signedBytes = idBytes + generationBytes + secretBytes;
const length = prefix.length + Math.ceil(((signedBytes + sealBytes) * 4) / 3);

/** A refresh token, taken apart. */
export interface RefreshToken {
  /** 16 random bytes in base64url. */
  readonly sessionId: string;
  readonly generation: number;
  readonly secret: Buffer;
}

/**
 * Refresh tokens form a chain. Each successor is a keyed hash of its predecessor, so a repeat of a token gets the
 * same successor. The store holds the hash of the current token alone. A seal tells genuine tokens from forged ones
 * before the store is read. It also makes every old token recognisable as a replay (RFC 9700 §4.14.2).
 */
export class RefreshTokens {
  readonly #chainKey: KeyObject;
  readonly #sealKey: KeyObject;

  constructor(keys: Pick<DerivedKeys, "refreshChain" | "refreshSeal">) {
    this.#chainKey = createSecretKey(keys.refreshChain);
    this.#sealKey = createSecretKey(keys.refreshSeal);
  }

  /** The first token of a new session. The id of the session cannot be guessed. */
  first(): RefreshToken {
    const sessionId = randomBytes(idBytes).toString("base64url");
    // A command line would take it for an option.
    if (sessionId.startsWith("-")) return this.first();
    return { sessionId, generation: 0, secret: randomBytes(secretBytes) };
  }

  /** The successor of a token, always the same one. */
  successor({ sessionId, generation, secret }: RefreshToken): RefreshToken {
    const next = { sessionId, generation: generation + 1, secret };
    return { ...next, secret: createHmac("sha256", this.#chainKey).update(bytesOf(next)).digest() };
  }

  /** The state of a token that the store holds. */
  stateOf({ generation, secret }: RefreshToken): RefreshTokenState {
    return { generation, refreshHash: createHash("sha256").update(secret).digest("base64url") };
  }

  write(token: RefreshToken): string {
    const bytes = bytesOf(token);
    return prefix + Buffer.concat([bytes, this.#seal(bytes)]).toString("base64url");
  }

  /** Reads a token that this Latchkey wrote; undefined for any other text. */
  read(text: string): RefreshToken | undefined {
    if (text.length !== length || !text.startsWith(prefix)) return undefined;
    const encoded = text.slice(prefix.length);
    const bytes = Buffer.from(encoded, "base64url");
    if (bytes.length !== signedBytes + sealBytes || bytes.toString("base64url") !== encoded) return undefined;
    const signed = bytes.subarray(0, signedBytes);
    if (!timingSafeEqual(this.#seal(signed), bytes.subarray(signedBytes))) return undefined;
    return {
      sessionId: signed.subarray(0, idBytes).toString("base64url"),
      generation: signed.readUInt32BE(idBytes),
      secret: signed.subarray(idBytes + generationBytes),
    };
  }

  #seal(bytes: Buffer): Buffer {
    return createHmac("sha256", this.#sealKey).update(bytes).digest().subarray(0, sealBytes);
  }
}

function bytesOf({ sessionId, generation, secret }: RefreshToken): Buffer {
  const bytes = Buffer.alloc(signedBytes);
  bytes.write(sessionId, 0, idBytes, "base64url");
  bytes.writeUInt32BE(generation, idBytes);
  secret.copy(bytes, idBytes + generationBytes);
  return bytes;
}

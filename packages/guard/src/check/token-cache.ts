import type { CryptoKey } from "jose";
import type { Principal } from "../principal.ts";

/** What was read from a token, and the key that its signature was checked with. */
export interface Verified {
  readonly principal: Principal;
  readonly kid: string;
  readonly algorithm: string;
  readonly key: CryptoKey;
}

/** An ES256 signature in base64url. */
const signatureLength = 86;
/** All tokens together; 1,600 for each of 10,000, which is twice what one of Latchkey's own has. */
const maxCharacters = 16_000_000;

/**
 * Remembers what was read from tokens whose signature was checked. A token is found by its signature and
 * then compared as a whole, because hashing all of it takes longer than comparing it. Remembering answers
 * for signatures alone: whoever asks must still check key, expiry and revocation. Only tokens that passed
 * enter, so a flood of bad ones cannot fill it; past its size, in tokens or in characters, the oldest leave.
 */
export class TokenCache {
  readonly #size: number;
  readonly #bySignature = new Map<string, { readonly token: string; readonly verified: Verified }>();
  #characters = 0;

  constructor(size: number) {
    this.#size = size;
  }

  get(token: string): Verified | undefined {
    const known = this.#bySignature.get(token.slice(-signatureLength));
    return known?.token === token ? known.verified : undefined;
  }

  add(token: string, verified: Verified): void {
    if (this.#size === 0) return;
    const signature = token.slice(-signatureLength);
    this.#forget(signature);
    for (const oldest of this.#bySignature.keys()) {
      if (this.#bySignature.size < this.#size && this.#characters + token.length <= maxCharacters) break;
      this.#forget(oldest);
    }
    this.#bySignature.set(signature, { token, verified });
    this.#characters += token.length;
  }

  clear(): void {
    this.#bySignature.clear();
    this.#characters = 0;
  }

  #forget(signature: string): void {
    const known = this.#bySignature.get(signature);
    if (known === undefined) return;
    this.#bySignature.delete(signature);
    this.#characters -= known.token.length;
  }
}

import type { Principal } from "./principal.ts";

/** What was read from a token, and the key that its signature was checked with. */
export interface Verified {
  readonly principal: Principal;
  readonly kid: string;
}

/** An ES256 signature in base64url. */
const signatureLength = 86;

/**
 * Remembers what was read from tokens whose signature was checked. A token is found by its signature and
 * then compared as a whole, because hashing all of it takes longer than comparing it. Remembering answers
 * for signatures alone: whoever asks must still check key, expiry and revocation. Only tokens that passed
 * enter, so a flood of bad ones cannot fill it; past its size the oldest entry leaves.
 */
export class VerifiedTokens {
  readonly #size: number;
  readonly #bySignature = new Map<string, { readonly token: string; readonly verified: Verified }>();

  constructor(size: number) {
    this.#size = size;
  }

  get(token: string): Verified | undefined {
    const known = this.#bySignature.get(token.slice(-signatureLength));
    return known?.token === token ? known.verified : undefined;
  }

  add(token: string, verified: Verified): void {
    if (this.#bySignature.size >= this.#size) {
      const oldest = this.#bySignature.keys().next();
      if (!oldest.done) this.#bySignature.delete(oldest.value);
    }
    this.#bySignature.set(token.slice(-signatureLength), { token, verified });
  }
}

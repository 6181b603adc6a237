import { createHmac, type KeyObject, timingSafeEqual } from "node:crypto";

// Seals of texts that clients hold: link tokens, refresh tokens and client ids. A seal is a MAC, so a forged text is
// refused without a read of the store. Of several secrets, the first one seals and each of them proves a seal.

/** The bytes of a seal. */
export const sealBytes = 16;

/** The key of one secret. */
export interface SealKey {
  readonly seal: KeyObject;
}

/** The seal of some bytes. */
export function sealOf(bytes: Uint8Array, { seal }: SealKey): Buffer {
  return createHmac("sha256", seal).update(bytes).digest().subarray(0, sealBytes);
}

/** The keys that a seal was made with. Undefined for a forged seal. The comparison takes the same time for any seal. */
export function sealedWith<Keys extends SealKey>(
  bytes: Uint8Array,
  seal: Uint8Array,
  all: readonly Keys[],
): Keys | undefined {
  return all.find((keys) => timingSafeEqual(sealOf(bytes, keys), seal));
}

/**
 * The bytes of a text that is a prefix and base64url.
 *
 * @returns undefined for any other text. Base64 has several spellings of the same bytes, and one of them is genuine
 */
export function bytesBehind(prefix: string, text: string): Buffer | undefined {
  if (!text.startsWith(prefix)) return undefined;
  const encoded = text.slice(prefix.length);
  const bytes = Buffer.from(encoded, "base64url");
  return bytes.toString("base64url") === encoded ? bytes : undefined;
}

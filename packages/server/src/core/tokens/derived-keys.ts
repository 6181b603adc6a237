import { createHmac, createSecretKey, hkdfSync } from "node:crypto";

export type DerivedKeys = ReturnType<typeof deriveKeys>;

/**
 * Derives the keys from `LATCHKEY_SECRET` with HKDF-SHA256 (RFC 5869). Each has one purpose, so a key never works in
 * place of another.
 */
export function deriveKeys(secret: string) {
  const derive = (purpose: string) =>
    Buffer.from(hkdfSync("sha256", secret, "", `latchkey/1/${purpose}`, 32));
  return {
    sealing: derive("signing-key-sealing"),
    refreshChain: derive("refresh-token-chain"),
    refreshSeal: derive("refresh-token-seal"),
    fingerprint: derive("name-fingerprint"),
  };
}

/**
 * Makes names recognisable without writing them down: people type passwords into the wrong field.
 *
 * @param key a holder of this key can test guesses
 */
export function nameFingerprints(key: Buffer): (name: string) => string {
  const secret = createSecretKey(key);
  return (name) => createHmac("sha256", secret).update(name).digest("hex").slice(0, 16);
}

import { hkdfSync } from "node:crypto";

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

import { createHmac, createSecretKey } from "node:crypto";

/**
 * Makes names recognisable without writing them down: people type passwords into the wrong field.
 *
 * @param key whoever has it can test guesses
 */
export function nameFingerprints(key: Buffer): (name: string) => string {
  const secret = createSecretKey(key);
  return (name) => createHmac("sha256", secret).update(name).digest("hex").slice(0, 16);
}

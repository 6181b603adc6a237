import { createHmac } from "node:crypto";

const period = 30_000;

/**
 * A time-based one-time password (RFC 6238) of six digits.
 *
 * @param secret the key, as Keycloak's page shows it to the browser
 * @param at milliseconds since the epoch
 */
export function totp(secret: string, at: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / period)));
  const digest = createHmac("sha1", secret).update(counter).digest();
  const offset = digest.readUInt8(digest.length - 1) & 0xf;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** The password of the next period. Keycloak accepts it early, and each password once. */
export function nextTotp(secret: string, at: number): string {
  return totp(secret, at + period);
}

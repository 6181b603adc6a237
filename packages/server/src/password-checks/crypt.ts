import { createHash, timingSafeEqual } from "node:crypto";
import { verify } from "unixcrypt";
import { cryptDigits } from "../core/passwords/foreign-crypt.ts";

/** Whether a password belongs to a hash of SHA-crypt or phpass. It computes for up to seconds: it runs in a thread. */
export function matchesCrypt(text: string, password: string): boolean {
  return text.startsWith("$5$") || text.startsWith("$6$")
    ? verify(password, text)
    : matchesPhpass(text, password);
}

/**
 * phpass ("portable hashes"): MD5 of the salt and the password, then again and again of the result and the password.
 * No maintained package checks it, and it is these few lines.
 */
function matchesPhpass(text: string, password: string): boolean {
  const rounds = 2 ** cryptDigits.indexOf(text.charAt(3));
  const typed = Buffer.from(password);
  let digest = createHash("md5").update(text.slice(4, 12)).update(typed).digest();
  for (let round = 0; round < rounds; round++)
    digest = createHash("md5").update(digest).update(typed).digest();
  return timingSafeEqual(Buffer.from(text.slice(12)), Buffer.from(littleEndianDigits(digest)));
}

/** Base 64 of the crypt family: the lowest six bits of each three bytes come first. */
function littleEndianDigits(bytes: Buffer): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const group = bytes.subarray(at, at + 3);
    let value = group.readUIntLE(0, group.length);
    for (let digit = 0; digit <= group.length; digit++) {
      text += cryptDigits.charAt(value % 64);
      value = Math.floor(value / 64);
    }
  }
  return text;
}

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const nonceBytes = 12;
const tagBytes = 16;

/** Encrypts a private key for storage: AES-256-GCM, bound to its `kid`, so sealed keys cannot be swapped. */
export function seal(privateKey: Buffer, kid: string, key: Buffer): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(kid));
  return Buffer.concat([nonce, cipher.update(privateKey), cipher.final(), cipher.getAuthTag()]).toString(
    "base64",
  );
}

/** Decrypts a sealed key with the first key that opens it. @returns undefined if none does */
export function unsealWithAny(sealed: string, kid: string, keys: readonly Buffer[]): Buffer | undefined {
  for (const key of keys) {
    const opened = unseal(sealed, kid, key);
    if (opened !== undefined) return opened;
  }
  return undefined;
}

/** Decrypts a sealed key; undefined if the sealing key is another one or a byte was changed. */
export function unseal(sealed: string, kid: string, key: Buffer): Buffer | undefined {
  const bytes = Buffer.from(sealed, "base64");
  if (bytes.length < nonceBytes + tagBytes) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(kid));
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

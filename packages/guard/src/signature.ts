import type { CryptoKey } from "jose";
import { type Algorithm, keyKindOf } from "./algorithms.ts";
import { nodeModules } from "./platform.ts";

/**
 * Checks a signature (RFC 7518 §3, RFC 8037 §3.1). The key is for the algorithm: that was found out before.
 *
 * @param signed header and claims as they were sent, with the full stop between them
 */
export type SignatureCheck = (
  algorithm: Algorithm,
  key: CryptoKey,
  signed: string,
  signature: Uint8Array<ArrayBuffer>,
) => boolean | Promise<boolean>;

/** As every platform of the web can. */
export const checkOnTheWeb: SignatureCheck = (algorithm, key, signed, signature) => {
  const { name, hash } = keyKindOf(algorithm);
  const saltLength = Number(hash.slice(4)) / 8;
  return crypto.subtle.verify({ name, hash, saltLength }, key, signature, new TextEncoder().encode(signed));
};

/** As Node does on the thread that asks, which takes less time than going to another one. */
export function checkOnNode({ crypto, buffer }: NonNullable<typeof nodeModules>): SignatureCheck {
  const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST } = crypto.constants;
  const keys = new WeakMap<CryptoKey, ReturnType<typeof crypto.KeyObject.from>>();
  return (algorithm, cryptoKey, signed, signature) => {
    // Node does not want to take these over, and says so on standard error.
    if (!cryptoKey.extractable) return checkOnTheWeb(algorithm, cryptoKey, signed, signature);
    const { kty, name, hash } = keyKindOf(algorithm);
    let key = keys.get(cryptoKey);
    if (key === undefined) {
      key = crypto.KeyObject.from(cryptoKey);
      keys.set(cryptoKey, key);
    }
    const padding = name === "RSA-PSS" ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
    const how =
      kty === "RSA"
        ? { key, padding, ...(name === "RSA-PSS" && { saltLength: RSA_PSS_SALTLEN_DIGEST }) }
        : { key, dsaEncoding: "ieee-p1363" as const };
    const digest = kty === "OKP" ? undefined : hash.replace("-", "");
    return crypto.verify(digest, buffer.Buffer.from(signed, "latin1"), how, signature);
  };
}

/** The quickest that this platform has. */
export const checkHere: SignatureCheck = nodeModules === undefined ? checkOnTheWeb : checkOnNode(nodeModules);

import { type CryptoKey, exportJWK, generateKeyPair } from "jose";
import type { Guard, GuardOptions } from "../../src/index.ts";
import { Listener } from "../listener.ts";
import type { OwnIssuer } from "../own-issuer.ts";

/** The key of an issuer after its first. */
export const next = await generateKeyPair("ES256");

/** A public key as an issuer publishes it. */
export async function published(key: CryptoKey, kid: string): Promise<Record<string, unknown>> {
  return { ...(await exportJWK(key)), kid, alg: "ES256", use: "sig" };
}

/** A token signed by the next key. */
export function nextToken(issuer: OwnIssuer): Promise<string> {
  return issuer.token({ header: { kid: "k2" }, key: next.privateKey });
}

interface Ready extends AsyncDisposable {
  readonly guard: Guard;
  readonly heard: Listener;
}

/** A guard that has read its issuer's keys and follows no feed. */
export async function ready(issuer: OwnIssuer, options: Partial<GuardOptions> = {}): Promise<Ready> {
  const heard = new Listener();
  const guard = issuer.guard({ follow: false, onEvent: heard.onEvent, ...options });
  await guard.ready();
  return { guard, heard, [Symbol.asyncDispose]: () => guard[Symbol.asyncDispose]() };
}

import type { BrokerCookie } from "../../core/oauth/broker.ts";

/**
 * The field `Set-Cookie` (RFC 6265 §4.1) of a sign-in at the identity provider. No script reads it. `Lax`, because the
 * browser comes back from another site.
 *
 * @param issuer public URL. A cookie of an https issuer needs TLS, and no other host can set it (`__Host-`)
 */
export function signInCookie(issuer: string, { name, value, maxAge }: BrokerCookie): string {
  const secure = issuer.startsWith("https:") ? "; Secure" : "";
  return `${name}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`;
}

/** The field that removes it. */
export function removedCookie(issuer: string, name: string): string {
  return signInCookie(issuer, { name, value: "", maxAge: 0 });
}

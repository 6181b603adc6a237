import { exportSPKI, generateKeyPair, SignJWT } from "jose";
import { endedSession, start, type TestIssuer } from "./issuer.ts";

/** Tokens that must be refused, and the code of the refusal. */
export const refusedTokens = {
  malformed: ["invalid_token", async () => "a-canary-that-is-no-token"],
  expired: ["token_expired", (issuer) => issuer.token({ claims: { exp: start - 1 } })],
  "of a foreign issuer": [
    "invalid_token",
    (issuer) => issuer.token({ claims: { iss: "https://foreign.example" } }),
  ],
  "signed with a foreign key": [
    "invalid_token",
    async (issuer) => issuer.token({ key: (await generateKeyPair("ES256")).privateKey }),
  ],
  "for another audience": [
    "invalid_token",
    (issuer) => issuer.token({ claims: { aud: "https://other.example" } }),
  ],
  "with alg none": ["invalid_token", async (issuer) => unsigned(await issuer.token())],
  "HS256 with the public key": ["invalid_token", signedWithPublicKey],
  "of an ended session": ["token_revoked", (issuer) => issuer.token({ claims: { sid: endedSession } })],
} as const satisfies Readonly<
  Record<string, readonly [code: string, make: (issuer: TestIssuer) => Promise<string>]>
>;

/** Algorithm "none" (RFC 7518 §3.6), with the claims and the signature of a good token. */
function unsigned(token: string): string {
  const [, claims, signature] = token.split(".");
  const header = Buffer.from(JSON.stringify({ alg: "none", typ: "at+jwt", kid: "k1" })).toString("base64url");
  return `${header}.${claims}.${signature}`;
}

/** Algorithm confusion: the public key as the secret of an HMAC. */
async function signedWithPublicKey(issuer: TestIssuer): Promise<string> {
  const [, claims = ""] = (await issuer.token()).split(".");
  const secret = new TextEncoder().encode(await exportSPKI(issuer.publicKey));
  return await new SignJWT(JSON.parse(Buffer.from(claims, "base64url").toString()))
    .setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid: "k1" })
    .sign(secret);
}

/** Claims of the tokens of three people. */
export const people = {
  user: { sub: "user:uma", preferred_username: "uma", roles: ["user"], sid: "session-uma" },
  premium: {
    sub: "user:alice",
    preferred_username: "alice",
    roles: ["user", "premium"],
    sid: "session-alice",
  },
  admin: { sub: "user:admin", preferred_username: "admin", roles: ["admin"], sid: "session-admin" },
} as const;

/** Whether a text contains a secret part of a token. */
export function isIn(text: string, token: string): boolean {
  return token.split(".").some((part, at) => (at > 0 || !token.includes(".")) && text.includes(part));
}

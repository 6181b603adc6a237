import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createGuard, type Guard } from "@latchkey/guard";
import { type CryptoKey, importSPKI } from "jose";

const issuer = "http://127.0.0.1:8000";

/** A guard with one key and without revocations, and tokens for it. */
export interface GuardWorld {
  readonly guard: () => Guard;
  readonly key: CryptoKey;
  /** The options of `jwtVerify`, so that it checks the same claims as the guard. */
  readonly pinned: { readonly issuer: string; readonly audience: string; readonly algorithms: string[] };
  /** A token with the claims of the server's own. Each number gives a different token. */
  token(number: number): string;
}

export async function guardWorld(): Promise<GuardWorld> {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = await importSPKI(publicKey.export({ type: "spki", format: "pem" }).toString(), "ES256");
  const header = part({ alg: "ES256", typ: "at+jwt", kid: "k1" });
  const now = Math.floor(Date.now() / 1000);
  return {
    key,
    pinned: { issuer, audience: issuer, algorithms: ["ES256"] },
    guard: () =>
      createGuard({
        issuer,
        keys: { get: (kid) => (kid === "k1" ? key : undefined) },
        revocations: { isRevoked: () => false },
      }),
    token(number) {
      const claims = part({
        iss: issuer,
        sub: "user:alice",
        aud: issuer,
        client_id: "latchkey",
        iat: now,
        exp: now + 3600,
        jti: `token-${number}`,
        sid: `session-${number}`,
        preferred_username: "alice",
        email: "alice@example.com",
        name: "Alice",
        roles: ["user", "premium"],
        scope: "openid profile email",
      });
      return `${header}.${claims}.${signature(`${header}.${claims}`, privateKey)}`;
    },
  };
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

function signature(text: string, key: KeyObject): string {
  return sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" }).toString("base64url");
}

import { type CryptoKey, exportJWK, generateKeyPair, importJWK, SignJWT } from "jose";
import { createGuard, type Guard, type GuardOptions, TokenError } from "../../../guard/src/index.ts";

/** The time at which the tokens of these tests are issued, in seconds since the epoch. */
export const start = 1_700_000_000;

/** The differences between a test's token and a good one. */
export interface Changes {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly key?: CryptoKey;
}

/** Keys, a clock and a list of ended sessions, all set by the test, and a guard that uses them. */
export class TestIssuer {
  readonly issuer = "https://login.example";
  readonly audience = "https://api.example";
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
  /** Milliseconds since the epoch. */
  now = start * 1000;
  readonly ended = new Set<string>();

  private constructor(keys: { publicKey: CryptoKey; privateKey: CryptoKey }) {
    this.publicKey = keys.publicKey;
    this.privateKey = keys.privateKey;
  }

  static async make(): Promise<TestIssuer> {
    return new TestIssuer(await generateKeyPair("ES256"));
  }

  guard(options: Partial<GuardOptions> = {}): Guard {
    return createGuard({
      issuer: this.issuer,
      audience: this.audience,
      clockTolerance: 0,
      keys: { get: (kid) => (kid === "k1" ? this.publicKey : undefined) },
      revocations: { isRevoked: (sessionId) => sessionId !== undefined && this.ended.has(sessionId) },
      now: () => this.now,
      ...options,
    });
  }

  /** A good token of alice for a minute, with some changes. An undefined claim is left out. */
  token({ claims = {}, header = {}, key = this.privateKey }: Changes = {}): Promise<string> {
    return new SignJWT({
      iss: this.issuer,
      aud: this.audience,
      sub: "user:alice",
      sid: "session-1",
      preferred_username: "alice",
      roles: ["user", "premium"],
      scope: "openid profile",
      iat: start,
      exp: start + 60,
      ...claims,
    })
      .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: "k1", ...header })
      .sign(key);
  }
}

/** The id of an ended session, for a guard in another process. */
export const endedSession = "ended-session";

/** Environment for a process that trusts the test's issuer. The key in it is public. */
export async function environmentOf(issuer: TestIssuer): Promise<{ readonly TEST_ISSUER: string }> {
  const { issuer: name, audience } = issuer;
  return { TEST_ISSUER: JSON.stringify({ issuer: name, audience, key: await exportJWK(issuer.publicKey) }) };
}

/** A guard in a process with {@link environmentOf}. Its clock stands still at the time of issue. */
export async function guardFromEnvironment(value: string | undefined): Promise<Guard> {
  const { issuer, audience, key: jwk } = JSON.parse(value ?? "{}");
  const key = await importJWK(jwk, "ES256");
  if (key instanceof Uint8Array) throw new Error("TEST_ISSUER holds no public key");
  return createGuard({
    issuer,
    audience,
    clockTolerance: 0,
    keys: { get: (kid) => (kid === "k1" ? key : undefined) },
    revocations: { isRevoked: (session) => session === endedSession },
    now: () => start * 1000,
  });
}

/** The code of a refused check, or `accepted`. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "accepted";
  } catch (error) {
    if (error instanceof TokenError) return error.code;
    throw error;
  }
}

import { exportJWK, importJWK } from "jose";
import { createGuard, type Guard } from "../../src/index.ts";
import { start, type TestIssuer } from "../issuer.ts";

/** The session that has ended, for a guard in another process. */
export const endedSession = "ended-session";

/** What a process needs to believe the same issuer as the test: the key is public. */
export async function environmentOf(issuer: TestIssuer): Promise<{ readonly TEST_ISSUER: string }> {
  const { issuer: name, audience } = issuer;
  return { TEST_ISSUER: JSON.stringify({ issuer: name, audience, key: await exportJWK(issuer.publicKey) }) };
}

/** A guard in a process that was given {@link environmentOf}; its clock stands where the tokens are issued. */
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

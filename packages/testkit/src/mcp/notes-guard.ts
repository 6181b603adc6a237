import { exportJWK, importJWK } from "jose";
import { createGuard, type Guard } from "../../../guard/src/index.ts";
import { start, type TestIssuer } from "./issuer.ts";

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

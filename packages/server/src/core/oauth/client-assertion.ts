import { createHash } from "node:crypto";
import type { JWTPayload } from "jose";
import type { Caller } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import { LatchkeyError } from "../errors.ts";
import type { AttemptCounter } from "../throttle/attempt-counter.ts";
import { verifySignature } from "./assertion-signature.ts";
import type { Client } from "./client.ts";
import type { ClientKey, ClientKeySets } from "./client-document.ts";
import { keyIdOf } from "./unverified-assertion.ts";

/** The longest assertion, in characters. */
const longestAssertion = 4096;

/** How far in the future an assertion may expire, in milliseconds. Each one is remembered for as long. */
const longestLife = 600_000;

/** How far the clock of a client may be off, in milliseconds. */
const tolerance = 30_000;

/** The one use of an assertion: it is refused until it has expired, whatever happens to the clock of its client. */
const oneUse = { limit: 1, windowMs: longestLife + 2 * tolerance };

/** The parts that assertions are checked with. */
export interface AssertionParts {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly keySets: ClientKeySets;
  /** Remembers used assertions. Replicas share it if they share the database. */
  readonly used: Pick<AttemptCounter, "reserve" | "settle">;
  readonly clock: Clock;
}

/**
 * Checks that an assertion proves the identity of its client (`private_key_jwt`, RFC 7523 §3).
 *
 * @throws {LatchkeyError} `invalid_client`; `client_document_unavailable` if the client's keys cannot be read now;
 * `store_unavailable` if its use cannot be remembered
 */
export type CheckAssertion = (assertion: string, client: Client, caller: Caller) => Promise<void>;

/**
 * Makes the check of assertions. Each assertion works once, also on another replica: its id takes the one slot of a
 * counter, as an attempt to sign in would. The id is remembered after all other checks, so strangers fill nothing.
 */
export function createAssertionCheck(parts: AssertionParts): CheckAssertion {
  const { issuer, tokenEndpoint, keySets, used, clock } = parts;

  /** The keys of the client. An address is read again if its copy lacks the key of the assertion. */
  async function keysOf(assertion: string, { credentials }: Client, caller: Caller): Promise<ClientKey[]> {
    const id = keyIdOf(assertion);
    const known = (keys: readonly ClientKey[]) => id === undefined || keys.some(({ kid }) => kid === id);
    const keys: ClientKey[] = [];
    for (const credential of credentials) {
      if (credential.kind === "keys") keys.push(...credential.keys);
      if (credential.kind === "key_address") keys.push(...(await keySets.at(credential.url, caller, known)));
    }
    return keys;
  }

  function assertClaims({ aud, exp, iat, jti }: JWTPayload): void {
    const [audience, ...more] = typeof aud === "string" ? [aud] : (aud ?? []);
    // A second audience could replay the assertion here.
    if (more.length > 0 || (audience !== issuer && audience !== tokenEndpoint)) throw refused("claim aud");
    const now = clock();
    if (exp === undefined || exp * 1000 > now + longestLife + tolerance) throw refused("claim exp");
    if (iat !== undefined && iat * 1000 > now + tolerance) throw refused("claim iat");
    if (jti !== undefined && (typeof jti !== "string" || jti === "")) throw refused("claim jti");
  }

  async function useUp(id: string): Promise<void> {
    const limits = [{ key: `assertion ${id}`, rule: oneUse }];
    const [reservation] = await used.reserve(limits);
    if (reservation?.admitted !== true) throw refused("used before");
    await used.settle(limits, true);
  }

  return async function checkAssertion(assertion, client, caller) {
    if (assertion.length > longestAssertion) throw refused("too long");
    const check = await verifySignature(assertion, await keysOf(assertion, client, caller), {
      issuer: client.id,
      subject: client.id,
      requiredClaims: ["aud", "exp"],
      clockTolerance: tolerance / 1000,
      currentDate: new Date(clock()),
    });
    if ("failure" in check) throw refused(check.failure);
    assertClaims(check.claims);
    await useUp(idOf(assertion, client, check.claims));
  };
}

/** An assertion has a `jti`, or is known by its signed text: its signature can be written in two ways. */
function idOf(assertion: string, { id }: Client, { jti }: JWTPayload): string {
  const named = jti === undefined ? ["text", assertion.slice(0, assertion.lastIndexOf("."))] : ["jti", jti];
  return createHash("sha256")
    .update(JSON.stringify([id, ...named]))
    .digest("base64url");
}

function refused(reason: string): LatchkeyError {
  return new LatchkeyError("invalid_client", { reason: `assertion: ${reason}` });
}

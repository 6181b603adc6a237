import { createHash, createHmac } from "node:crypto";
import type { Clock } from "./clock.ts";
import { LatchkeyError } from "./errors.ts";
import type { EarlierRequest, IdempotencyKeys } from "./idempotency-keys.ts";
import { seal, unsealWithAny } from "./tokens/key-sealing.ts";

/** How long an answer is kept, in milliseconds. */
export const answersLast = 86_400_000;

/** How long a request holds its key if its process ends before the answer, in milliseconds. */
const claimLasts = 60_000;

/** A creating request under a key of its caller. */
export interface CreatingRequest {
  /** The ids of the caller: two callers never share a key. */
  readonly caller: string;
  /** The name of the operation. */
  readonly operation: string;
  readonly key: string;
  /** The body, byte for byte as it was sent. */
  readonly body: Uint8Array;
}

/** The parts of the story. */
export interface OnceParts {
  readonly keys: IdempotencyKeys;
  /** One key of each secret. The first one seals, all open. */
  readonly secrets: readonly [Buffer, ...Buffer[]];
  readonly clock: Clock;
}

/** Makes an answer once for each key. @param create makes it; an error leaves the key free */
export type Once = (request: CreatingRequest, create: () => Promise<string>) => Promise<string>;

/**
 * Creates something once for each idempotency key. A repeat gets the first answer for a day, on every replica.
 *
 * An answer may hold a new secret. It is sealed with a key that takes both the secret of the server and the caller's own
 * key, which is not stored: neither the database nor a leaked secret opens it. If the process ends between the change
 * and the answer, a repeat waits a minute and then runs as a new request.
 *
 * The function it returns throws {LatchkeyError} `idempotency_key_reused` for another body, `request_in_progress` while
 * the first request runs.
 */
export function createOnce({ keys, secrets, clock }: OnceParts): Once {
  return async function once({ caller, operation, key, body }, create) {
    const name = JSON.stringify([caller, operation, key]);
    const digest = createHash("sha256").update(name).digest("base64url");
    const [sealing, ...others] = secrets.map((secret) => createHmac("sha256", secret).update(name).digest());
    if (sealing === undefined) throw new Error("no secret");
    // A MAC, because a plain hash of a body with a password would let a thief of the database guess it.
    const macOf = (with_: Buffer) => createHmac("sha256", with_).update(body).digest("base64url");
    const request = { digest, requestDigest: macOf(sealing) };
    const now = clock();
    const earlier = await keys.claim(request, now, now + claimLasts);
    if (earlier !== undefined) return answerOf(earlier, digest, [sealing, ...others], macOf);

    let answer: string;
    try {
      answer = await create();
    } catch (error) {
      // If this fails too, the claim lapses. The caller needs the first error.
      await keys.release(request).catch(() => {});
      throw error;
    }
    // The thing is created, so its answer goes out even if it cannot be kept for a repeat.
    await keys.keep(request, seal(Buffer.from(answer), digest, sealing), now + answersLast).catch(() => {});
    return answer;
  };
}

function answerOf(
  { requestDigest, answer }: EarlierRequest,
  digest: string,
  keys: readonly Buffer[],
  macOf: (key: Buffer) => string,
): string {
  if (!keys.some((key) => macOf(key) === requestDigest)) throw new LatchkeyError("idempotency_key_reused");
  if (answer === null) throw new LatchkeyError("request_in_progress", { retryAfter: 1 });
  const opened = unsealWithAny(answer, digest, keys);
  if (opened === undefined) throw new LatchkeyError("internal_error", { reason: "sealed answer" });
  return opened.toString();
}

// This file loads without openid-client, because every command imports it to explain a failure.

import { LatchkeyError } from "../../core/errors.ts";
import { CircuitOpen } from "../../core/throttle/circuit-breaker.ts";

/** The realm or a setting must be changed. The message is one line: setting, cause, remedy. */
export class RealmMisconfigured extends Error {}

/** The realm did not answer, or its answer makes no sense. The message is for the log and repeats no sent value. */
export class RealmUnavailable extends Error {}

/** The refusal that a caller gets when the realm cannot be asked. Other errors stay as they are. */
export function toLatchkeyError(error: unknown): unknown {
  if (error instanceof CircuitOpen) {
    const retryAfter = Math.max(1, Math.ceil(error.retryAfterMs / 1000));
    return new LatchkeyError("provider_unavailable", { reason: error.message, retryAfter });
  }
  if (error instanceof RealmUnavailable || error instanceof RealmMisconfigured) {
    return new LatchkeyError("provider_unavailable", { reason: error.message, cause: error });
  }
  return error;
}

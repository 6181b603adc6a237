import { challengeOf, refusalBody } from "../bearer.ts";
import type { TokenError } from "../token-error.ts";

/** The answer to a request that was turned away, for whatever the server is built on. */
export class Refusal {
  readonly status: number;
  /** Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;

  /** What a refusal looks like over HTTP (RFC 6750 §3), in the form of Latchkey's own errors. */
  constructor(error: TokenError) {
    const challenge = challengeOf(error);
    this.status = error.status;
    this.headers = {
      "content-type": "application/json",
      "cache-control": "no-store",
      ...(challenge !== undefined && { "www-authenticate": challenge }),
      ...(error.retryAfter !== undefined && { "retry-after": String(error.retryAfter) }),
    };
    this.body = JSON.stringify(refusalBody(error));
  }
}

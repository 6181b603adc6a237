import type { FeedTimings } from "../../src/feed/feed-follower.ts";
import { FollowedRevocations, type FollowedRevocationsOptions } from "../../src/feed/followed-revocations.ts";
import { TokenError, type TokenErrorCode } from "../../src/index.ts";
import { Discovery } from "../../src/issuer/discovery.ts";
import type { Requests } from "../../src/issuer/issuer-request.ts";
import { CloseSignal } from "../../src/support/close-signal.ts";
import { TestClock } from "../clock.ts";
import { Listener } from "../listener.ts";
import type { OwnIssuer } from "../own-issuer.ts";

/** Short waits, and bounds that are never reached unless a test sets its own. */
const timings: FeedTimings = {
  firstEvent: 20_000,
  silence: 20_000,
  shortStream: 5_000,
  pollInterval: 5,
  pollDuration: 60_000,
  rediscoveryInterval: 5,
  firstWait: 5,
  longestWait: 20,
};

export interface FollowingOptions {
  readonly settings?: Partial<FollowedRevocationsOptions["settings"]>;
  readonly timings?: Partial<FeedTimings>;
  /** The longest wait for the first list, in milliseconds. */
  readonly startTimeout?: number;
  readonly fetch?: typeof fetch;
}

/** The ended sessions of an issuer, followed from construction on. */
export class Following extends Listener implements AsyncDisposable {
  readonly clock = new TestClock();
  readonly revocations: FollowedRevocations;
  readonly #closing = new CloseSignal();

  constructor(issuer: OwnIssuer, options: FollowingOptions = {}) {
    super();
    const requests: Requests = { fetch: options.fetch ?? fetch, closed: this.#closing };
    this.revocations = new FollowedRevocations({
      settings: {
        follow: undefined,
        guardKey: undefined,
        staleAfter: 30_000,
        whenStale: "refuse",
        ...options.settings,
      },
      discovery: new Discovery(requests, issuer.url, this.clock),
      requests,
      clocks: this.clock,
      emit: this.onEvent,
      startTimeout: options.startTimeout ?? 20_000,
      timings: { ...timings, ...options.timings },
    });
    this.revocations.begin();
  }

  /** Waits until a session is known to have ended. */
  async ended(sessionId: string): Promise<void> {
    for (let times = 1; !this.all("session.ended").some((event) => event.sessionId === sessionId); times++) {
      await this.heard("session.ended", times);
    }
  }

  /** The outcome for a session. */
  async verdict(sessionId: string): Promise<"ended" | "not ended" | TokenErrorCode> {
    try {
      return (await this.revocations.isRevoked(sessionId)) ? "ended" : "not ended";
    } catch (error) {
      if (error instanceof TokenError) return error.code;
      throw error;
    }
  }

  get health() {
    return this.revocations.health();
  }

  close(): void {
    this.#closing.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

import type { GuardSettings } from "../guard-options.ts";
import type { Discovery } from "../issuer/discovery.ts";
import type { Emit } from "../issuer/guard-events.ts";
import type { RevocationsHealth } from "../issuer/health.ts";
import { issuerErrorOf, type Requests } from "../issuer/issuer-request.ts";
import type { RevocationSource } from "../issuer/sources.ts";
import type { Clocks } from "../support/clocks.ts";
import { settlesWithin } from "../support/timers.ts";
import { TokenError } from "../token-error.ts";
import { FeedFollower, type FeedTimings } from "./feed-follower.ts";
import { RevocationList } from "./revocation-list.ts";
import { SessionLookups } from "./session-lookups.ts";

export interface FollowedRevocationsOptions {
  readonly settings: Pick<GuardSettings, "follow" | "guardKey" | "staleAfter" | "whenStale">;
  readonly discovery: Discovery;
  readonly requests: Requests;
  readonly clocks: Clocks;
  readonly emit: Emit;
  /** For how long a first check waits for the feed, in milliseconds. */
  readonly startTimeout: number;
  readonly times?: FeedTimings;
}

/** How long a session that was asked about is remembered as ended, in milliseconds: longer than its tokens live. */
const rememberAnswer = 86_400_000;

/** The ended sessions of an issuer, followed; and what to do with a token when they cannot be. */
export class FollowedRevocations implements RevocationSource {
  readonly #options: FollowedRevocationsOptions;
  readonly #feed: RevocationList;
  readonly #follower: FeedFollower;
  readonly #questions: SessionLookups;
  /** A first wait for the feed; undefined before it begins, `over` when it has ended, well or not. */
  #firstWait: Promise<unknown> | "over" | undefined;
  /** How often the feed had been caught up with when it was told that it is stale. */
  #toldStale: number | undefined;

  constructor(options: FollowedRevocationsOptions) {
    this.#options = options;
    const { settings, discovery, requests, clocks, emit, times } = options;
    this.#feed = new RevocationList(clocks, emit);
    this.#questions = new SessionLookups(requests, clocks);
    const { guardKey, follow } = settings;
    this.#follower = new FeedFollower({
      feed: this.#feed,
      discovery,
      requests,
      clocks,
      guardKey,
      follow,
      emit,
      ...(times && { times }),
    });
  }

  /** Settles when the feed is caught up with for the first time, or it turns out that there is none. */
  get first(): Promise<void> {
    return this.#options.settings.follow === false ? Promise.resolve() : this.#follower.settled;
  }

  begin(): void {
    if (this.#options.settings.follow === false) return;
    this.#follower.begin();
    this.#firstWait ??= settlesWithin(this.first, this.#options.startTimeout).then(() => {
      this.#firstWait = "over";
    });
  }

  isRevoked(sessionId: string | undefined): boolean | Promise<boolean> {
    if (sessionId === undefined) return false;
    if (this.#feed.hasEnded(sessionId)) return true;
    if (this.#isCurrent()) return false;
    const wait = this.#firstWait;
    return wait instanceof Promise ? wait.then(() => this.isRevoked(sessionId)) : this.#whenStale(sessionId);
  }

  health(): RevocationsHealth {
    const { cursor, known } = this.#feed;
    const { state } = this.#follower;
    const none = this.#options.settings.follow === false || state === "none";
    const following = state === "following" ? "following" : "behind";
    const starting = this.#feed.staleFor() === undefined && this.#firstWait !== "over";
    return {
      state: none ? "none" : this.#isCurrent() ? following : starting ? "behind" : "lost",
      cursor,
      known,
      staleFor: this.#feed.staleFor(),
      problem: this.#follower.problem,
    };
  }

  /** Whether who is not known to have ended has not, as far as the bound on staleness says. */
  #isCurrent(): boolean {
    const staleFor = this.#feed.staleFor();
    if (staleFor === undefined) {
      return this.#options.settings.follow === false || this.#follower.state === "none";
    }
    return staleFor <= this.#options.settings.staleAfter;
  }

  #whenStale(sessionId: string): boolean | Promise<boolean> {
    const { settings, emit, requests } = this.#options;
    const { whenStale } = settings;
    const { timesCaughtUp } = this.#feed;
    if (this.#toldStale !== timesCaughtUp && !requests.closed.isClosed) {
      this.#toldStale = timesCaughtUp;
      emit({ name: "feed.stale", whenStale });
    }
    if (whenStale === "accept") return false;
    if (whenStale === "ask") return this.#ask(sessionId);
    throw this.#unavailable(this.#follower.problem ?? "nothing was heard of the feed");
  }

  async #ask(sessionId: string): Promise<boolean> {
    const { address } = this.#follower;
    if (address === undefined)
      throw this.#unavailable(this.#follower.problem ?? "the feed was not found yet");
    try {
      const ended = await this.#questions.hasEnded(sessionId, address);
      if (ended) this.#feed.learn(sessionId, this.#options.clocks.now() + rememberAnswer);
      return ended;
    } catch (error) {
      throw this.#unavailable(issuerErrorOf(error).message);
    }
  }

  #unavailable(reason: string): TokenError {
    return new TokenError("revocations_unavailable", reason);
  }
}

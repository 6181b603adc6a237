import type { GuardSettings } from "../guard-options.ts";
import type { RevocationsHealth } from "../issuer/health.ts";
import { issuerErrorOf } from "../issuer/issuer-request.ts";
import type { RevocationSource } from "../issuer/sources.ts";
import { settlesWithin } from "../support/timers.ts";
import { TokenError } from "../token-error.ts";
import { FeedFollower, type FollowerOptions } from "./feed-follower.ts";
import { RevocationList } from "./revocation-list.ts";
import { SessionLookups } from "./session-lookups.ts";

/** Parts and options of {FollowedRevocations}. */
export interface FollowedRevocationsOptions extends FollowerOptions {
  readonly settings: Pick<GuardSettings, "follow" | "guardKey" | "staleAfter" | "whenStale">;
  /** How long a first check waits for the feed, in milliseconds. */
  readonly startTimeout: number;
}

/** How long a session counts as ended after a lookup, in milliseconds: longer than its tokens live. */
const rememberAnswer = 86_400_000;

/** The ended sessions of an issuer, followed over its feed. Applies `whenStale` if the feed is lost. */
export class FollowedRevocations implements RevocationSource {
  readonly #options: FollowedRevocationsOptions;
  readonly #feed: RevocationList;
  readonly #follower: FeedFollower;
  readonly #questions: SessionLookups;
  /** The wait for the first read of the feed; undefined before it begins, `over` after success or timeout. */
  #firstWait: Promise<unknown> | "over" | undefined;
  /** `timesCaughtUp` at the last `feed.stale` event, so that the event is sent once per loss. */
  #reportedStale: number | undefined;

  constructor(options: FollowedRevocationsOptions) {
    this.#options = options;
    this.#feed = new RevocationList(options.clocks, options.emit);
    this.#questions = new SessionLookups(options.requests, options.clocks);
    this.#follower = new FeedFollower(this.#feed, options);
  }

  /** Settles when the whole list was read for the first time, or the issuer has no feed. */
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

  /** Whether the list is fresh enough to treat a session that is not on it as live. */
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
    if (this.#reportedStale !== timesCaughtUp && !requests.closed.isClosed) {
      this.#reportedStale = timesCaughtUp;
      emit({ name: "feed.stale", whenStale });
    }
    if (whenStale === "accept") return false;
    if (whenStale === "ask") return this.#ask(sessionId);
    throw this.#unavailable(this.#follower.problem ?? "the feed was never read");
  }

  async #ask(sessionId: string): Promise<boolean> {
    const { address } = this.#follower;
    if (address === undefined)
      throw this.#unavailable(this.#follower.problem ?? "the address of the feed is not known yet");
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

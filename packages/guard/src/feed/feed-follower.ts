import type { GuardSettings } from "../guard-options.ts";
import type { Discovery, Metadata } from "../issuer/discovery.ts";
import type { Emit } from "../issuer/guard-events.ts";
import { issuerErrorOf, type Requests } from "../issuer/issuer-request.ts";
import { Backoff } from "../support/backoff.ts";
import type { Clocks } from "../support/clocks.ts";
import { Latch } from "../support/latch.ts";
import { sleep } from "../support/timers.ts";
import {
  endOf,
  type FeedAddress,
  type FeedEnd,
  followStream,
  type StreamTimeouts,
} from "./feed-connection.ts";
import { catchUp } from "./feed-polling.ts";
import type { RevocationList } from "./revocation-list.ts";

/** Times of following the feed, in milliseconds. */
export interface FeedTimings extends StreamTimeouts {
  /** A stream that lasts shorter than this counts towards polling instead. */
  readonly shortStream: number;
  /** Interval of polling, which replaces a stream that cannot be had. */
  readonly pollInterval: number;
  /** How long to poll before another try of the stream. */
  readonly pollDuration: number;
  /** Interval of discovery for an issuer without a feed. */
  readonly rediscoveryInterval: number;
  /** Bounds of the wait after a failure: after the first, and after any. */
  readonly firstWait: number;
  readonly longestWait: number;
}

const defaultTimings: FeedTimings = {
  firstEvent: 3_000,
  silence: 15_000,
  shortStream: 5_000,
  pollInterval: 500,
  pollDuration: 60_000,
  rediscoveryInterval: 600_000,
  firstWait: 100,
  longestWait: 10_000,
};

/** Parts and options of a {FeedFollower}. */
export interface FollowerOptions {
  readonly settings: Pick<GuardSettings, "follow" | "guardKey">;
  readonly discovery: Discovery;
  readonly requests: Requests;
  readonly clocks: Clocks;
  readonly emit: Emit;
  readonly timings?: FeedTimings;
}

/** So many short streams in a row show that a proxy cuts them. */
const shortStreamsToPoll = 3;

/**
 * Keeps the list of ended sessions up to date until the guard is closed. It follows a stream, or polls every
 * half second if no stream can be had. After a failure it waits with exponential backoff.
 */
export class FeedFollower {
  readonly #feed: RevocationList;
  readonly #options: FollowerOptions;
  readonly #timings: FeedTimings;
  readonly #backoff: Backoff;
  readonly #settled = new Latch();
  #state: "unknown" | "none" | "following" | "behind" = "unknown";
  #via: "stream" | "poll" = "stream";
  #problem: string | undefined;
  #url: URL | undefined;
  #shortStreams = 0;
  #begun = false;

  constructor(feed: RevocationList, options: FollowerOptions) {
    this.#feed = feed;
    this.#options = options;
    this.#timings = options.timings ?? defaultTimings;
    this.#backoff = new Backoff(this.#timings.firstWait, this.#timings.longestWait);
    options.requests.closed.onClose(() => this.#settled.open());
  }

  /** `unknown`: no response from the issuer yet. `none`: it has no feed. */
  get state(): "unknown" | "none" | "following" | "behind" {
    return this.#state;
  }

  /** Why the feed was lost; undefined while it is followed. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** The address of the feed, once discovery has named it. */
  get address(): FeedAddress | undefined {
    return this.#url && { url: this.#url, guardKey: this.#options.settings.guardKey };
  }

  /** Settles when the whole list was read for the first time, the issuer has no feed, or the guard is closed. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    const { closed } = this.#options.requests;
    while (!closed.isClosed) await sleep(await this.#try(), closed);
  }

  /** @returns milliseconds until the next try */
  async #try(): Promise<number> {
    let metadata: Metadata;
    try {
      metadata = await this.#metadata();
    } catch (error) {
      // An issuer without a feed still has no feed while it cannot be reached.
      if (this.#state === "none") return this.#backoff.next();
      return this.#over({ kind: "unreachable", reason: issuerErrorOf(error).message });
    }
    // A feed that was named once is followed even if later metadata does not name it.
    this.#url = metadata.feed ?? this.#url;
    const { address } = this;
    if (address === undefined && this.#options.settings.follow === undefined) {
      this.#state = "none";
      this.#settled.open();
      return this.#timings.rediscoveryInterval;
    }
    if (address === undefined) return this.#over({ kind: "unreachable", reason: "the issuer names no feed" });
    const end = await this.#stream(address);
    if (end !== "no stream can be had") return this.#over(end);
    return this.#poll(address);
  }

  async #metadata(): Promise<Metadata> {
    const { discovery } = this.#options;
    const rediscover = this.#url === undefined && this.#state !== "unknown";
    return (rediscover ? undefined : discovery.known) ?? (await discovery.read());
  }

  async #stream(address: FeedAddress): Promise<FeedEnd | "no stream can be had"> {
    const { requests, clocks } = this.#options;
    let begun: number | undefined;
    let heard = 0;
    const end = await followStream(this.#feed, address, requests, this.#timings, () => {
      heard = clocks.steady();
      begun ??= heard;
      this.#caughtUp("stream");
    });
    if (begun !== undefined) {
      const lasted = heard - begun >= this.#timings.shortStream;
      this.#shortStreams = lasted ? 0 : this.#shortStreams + 1;
      if (lasted) this.#backoff.reset();
    }
    const cut = begun === undefined || this.#shortStreams >= shortStreamsToPoll;
    if (end.kind !== "broken" || !cut) return end;
    this.#shortStreams = 0;
    // While polling works, a stream that still fails is not reported again.
    if (this.#state !== "following" || this.#via === "stream") this.#lost(end);
    return "no stream can be had";
  }

  async #poll(address: FeedAddress): Promise<number> {
    const { requests, clocks } = this.#options;
    const until = clocks.steady() + this.#timings.pollDuration;
    try {
      while (!requests.closed.isClosed && clocks.steady() < until) {
        await catchUp(this.#feed, address, requests, clocks);
        this.#caughtUp("poll");
        this.#backoff.reset();
        await sleep(this.#timings.pollInterval, requests.closed);
      }
      return 0;
    } catch (error) {
      return this.#over(endOf(error, false));
    }
  }

  #caughtUp(via: "stream" | "poll"): void {
    const news = this.#state !== "following" || this.#via !== via;
    this.#state = "following";
    this.#via = via;
    this.#problem = undefined;
    this.#settled.open();
    if (news) this.#options.emit({ name: "feed.followed", via, cursor: this.#feed.cursor });
  }

  #over(end: FeedEnd): number {
    if (end.kind === "another list") this.#feed.startOver();
    this.#lost(end);
    return end.kind === "refused" ? this.#backoff.longest() : this.#backoff.next();
  }

  #lost(end: FeedEnd): void {
    if (this.#options.requests.closed.isClosed) return;
    this.#state = "behind";
    this.#problem = end.reason;
    const { emit } = this.#options;
    if (end.kind === "refused") emit({ name: "feed.refused", status: end.status });
    else if (end.kind === "malformed") emit({ name: "feed.malformed", reason: end.reason });
    else emit({ name: "feed.lost", reason: end.reason });
  }
}

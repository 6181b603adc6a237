import { IssuerError, type Requests, requestJson } from "../issuer/issuer-request.ts";
import { type Clocks, type Moment, momentOf, since } from "../support/clocks.ts";
import { type FeedAddress, feedHeaders } from "./feed-connection.ts";
import { readAnswer } from "./feed-messages.ts";

/** How long an answer or a failure counts, in milliseconds. */
const answerLifetime = 1_000;
/** Timeout of one lookup with its time in the queue, in milliseconds. */
const lookupTimeout = 2_000;
/** Concurrent requests. Further lookups queue. */
const maxConcurrent = 16;
/** Bound of answers and queued lookups together. Beyond it a lookup fails at once. */
const maxLookups = 10_000;

interface Lookup {
  readonly at: Moment;
  readonly answer: Promise<boolean>;
  /** Whether the answer is pending. */
  pending: boolean;
}

/** Looks up single sessions at the issuer, for a guard that lost the feed. Concurrent callers share one. */
export class SessionLookups {
  readonly #requests: Requests;
  readonly #clocks: Clocks;
  readonly #lookups = new Map<string, Lookup>();
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(requests: Requests, clocks: Clocks) {
    this.#requests = requests;
    this.#clocks = clocks;
  }

  /**
   * Whether a session has ended. An answer from the last second, or a pending one, is shared.
   *
   * @throws {IssuerError} or {MalformedFeed}
   */
  hasEnded(sessionId: string, address: FeedAddress): Promise<boolean> {
    const known = this.#lookups.get(sessionId);
    if (known !== undefined && (known.pending || since(known.at, this.#clocks) < answerLifetime)) {
      return known.answer;
    }
    this.#lookups.delete(sessionId);
    this.#makeRoom();
    if (this.#lookups.size >= maxLookups)
      return Promise.reject(new IssuerError("too many lookups are waiting"));
    const lookup = { at: momentOf(this.#clocks), answer: this.#ask(sessionId, address), pending: true };
    this.#lookups.set(sessionId, lookup);
    const arrived = () => {
      lookup.pending = false;
    };
    lookup.answer.then(arrived, arrived);
    return lookup.answer;
  }

  #makeRoom(): void {
    for (const [sessionId, { at, pending }] of this.#lookups) {
      if (pending || since(at, this.#clocks) < answerLifetime) return;
      this.#lookups.delete(sessionId);
    }
  }

  async #ask(sessionId: string, address: FeedAddress): Promise<boolean> {
    const begun = this.#clocks.steady();
    await this.#slot();
    try {
      const timeout = lookupTimeout - (this.#clocks.steady() - begun);
      if (timeout <= 0) throw new IssuerError("too many lookups are waiting");
      const url = new URL(address.url);
      url.pathname = `${url.pathname.replace(/\/$/, "")}/${encodeURIComponent(sessionId)}`;
      const options = { headers: feedHeaders(address), timeout, maxBytes: 4_096 };
      return readAnswer(await requestJson(this.#requests, url, options), sessionId);
    } finally {
      // The slot passes directly to the next in line. A slot given back could be taken by a newcomer.
      const next = this.#queue.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  async #slot(): Promise<void> {
    if (this.#running >= maxConcurrent) return new Promise((resolve) => this.#queue.push(resolve));
    this.#running++;
  }
}

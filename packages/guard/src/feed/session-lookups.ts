import { IssuerError, type Requests, requestJson } from "../issuer/issuer-request.ts";
import { type Clocks, type Moment, momentOf, since } from "../support/clocks.ts";
import { type FeedAddress, feedHeaders } from "./feed-connection.ts";
import { readAnswer } from "./feed-messages.ts";

/** How long an answer or a failure counts, in milliseconds. */
const answerCounts = 1_000;
/** Timeout of one lookup with its time in the queue, in milliseconds. */
const lookupTimeout = 2_000;
/** Concurrent requests. Further lookups queue. */
const atOnce = 16;
/** Bound of answers and queued lookups together. Beyond it a lookup fails at once. */
const mostKept = 10_000;

interface Asked {
  readonly at: Moment;
  readonly answer: Promise<boolean>;
  /** Whether the answer is pending. */
  waits: boolean;
}

/** Looks up single sessions at the issuer, for a guard that lost the feed. Concurrent callers share one. */
export class SessionLookups {
  readonly #requests: Requests;
  readonly #clocks: Clocks;
  readonly #asked = new Map<string, Asked>();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

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
    const known = this.#asked.get(sessionId);
    if (known !== undefined && (known.waits || since(known.at, this.#clocks) < answerCounts)) {
      return known.answer;
    }
    this.#asked.delete(sessionId);
    this.#makeRoom();
    if (this.#asked.size >= mostKept) return Promise.reject(new IssuerError("too many lookups are waiting"));
    const asked = { at: momentOf(this.#clocks), answer: this.#ask(sessionId, address), waits: true };
    this.#asked.set(sessionId, asked);
    const arrived = () => {
      asked.waits = false;
    };
    asked.answer.then(arrived, arrived);
    return asked.answer;
  }

  #makeRoom(): void {
    for (const [sessionId, { at, waits }] of this.#asked) {
      if (waits || since(at, this.#clocks) < answerCounts) return;
      this.#asked.delete(sessionId);
    }
  }

  async #ask(sessionId: string, address: FeedAddress): Promise<boolean> {
    const begun = this.#clocks.steady();
    await this.#turn();
    try {
      const timeout = lookupTimeout - (this.#clocks.steady() - begun);
      if (timeout <= 0) throw new IssuerError("too many lookups are waiting");
      const url = new URL(address.url);
      url.pathname = `${url.pathname.replace(/\/$/, "")}/${encodeURIComponent(sessionId)}`;
      const options = { headers: feedHeaders(address), timeout, maxBytes: 4_096 };
      return readAnswer(await requestJson(this.#requests, url, options), sessionId);
    } finally {
      // The slot passes directly to the next in line. A slot given back could be taken by a newcomer.
      const next = this.#waiting.shift();
      if (next === undefined) this.#busy--;
      else next();
    }
  }

  async #turn(): Promise<void> {
    if (this.#busy >= atOnce) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#busy++;
  }
}

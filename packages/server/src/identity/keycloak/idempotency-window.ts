import { createHash } from "node:crypto";
import type { SteadyClock } from "../../core/clock.ts";

interface Entry<Answer> {
  readonly answer: Promise<Answer>;
  /** When the answer came; undefined while it is awaited. */
  answeredAt: number | undefined;
  /** Whether the successor of this secret was used: its holder went on from the answer. */
  superseded: boolean;
  repeats: number;
}

export interface IdempotencyOptions<Answer> {
  /** An answer is kept for so many milliseconds: the longest window of all requests. */
  readonly keepFor: number;
  /** The limit of repeats of one answer. */
  readonly maxRepeats: number;
  readonly steady: SteadyClock;
  /** The secret that succeeds the used one, as the answer names it. */
  readonly successorOf: (answer: Answer) => string | undefined;
}

export interface IdempotentRequest<Answer> {
  /** This request gets an earlier answer if it is at most so many milliseconds old. */
  readonly window: number;
  readonly work: () => Promise<Answer>;
  /** Runs before a repeat gets the earlier answer. */
  readonly onRepeat: () => Promise<void>;
  /** Answers a secret that is repeated after its successor was used. */
  readonly onReplay: () => Promise<Answer>;
}

/**
 * An idempotency window: requests with the same secret share one answer, at the same time or shortly after. It is
 * held in the memory of this process, so a repeat that reaches another process runs anew.
 *
 * The use of an answer's successor closes the window of the secret before it: its holder has the answer, so a later
 * repeat is a replay.
 */
export class IdempotencyWindow<Answer> {
  readonly #options: IdempotencyOptions<Answer>;
  /** Entries by hashed secret, in the order of their first requests. Secrets are hashed: they are credentials. */
  readonly #entries = new Map<string, Entry<Answer>>();
  /** From a hashed successor to the hashed secret that it succeeds. */
  readonly #predecessors = new Map<string, string>();

  constructor(options: IdempotencyOptions<Answer>) {
    this.#options = options;
  }

  /**
   * Runs `work` once for a secret within the window. Concurrent requests share a failure; later ones run `work`
   * again. So does a repeat after the window or beyond the limit.
   */
  async run(
    secret: string,
    { window, work, onRepeat, onReplay }: IdempotentRequest<Answer>,
  ): Promise<Answer> {
    this.#purge();
    const key = hash(secret);
    const entry = this.#entries.get(key);
    if (entry?.superseded) return onReplay();
    if (entry !== undefined && entry.repeats < this.#options.maxRepeats && this.#ageOf(entry) <= window) {
      entry.repeats++;
      const answer = await entry.answer;
      await onRepeat();
      return answer;
    }
    const predecessor = this.#entries.get(this.#predecessors.get(key) ?? "");
    if (predecessor !== undefined) predecessor.superseded = true;
    return this.#begin(key, work);
  }

  #begin(key: string, work: () => Promise<Answer>): Promise<Answer> {
    const answer = work();
    const entry: Entry<Answer> = { answer, answeredAt: undefined, superseded: false, repeats: 0 };
    // Removed first, so that the entry moves to the end of the order.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const settled = (given: Answer) => {
      entry.answeredAt = this.#options.steady();
      const successor = this.#options.successorOf(given);
      if (successor !== undefined) this.#predecessors.set(hash(successor), key);
    };
    const failed = () => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    };
    answer.then(settled, failed);
    return answer;
  }

  #ageOf({ answeredAt }: Entry<Answer>): number {
    return answeredAt === undefined ? 0 : this.#options.steady() - answeredAt;
  }

  /** Removes old entries. They are in order, so the first young one ends the search. */
  #purge(): void {
    for (const [key, entry] of this.#entries) {
      if (entry.answeredAt === undefined || this.#ageOf(entry) <= this.#options.keepFor) break;
      this.#entries.delete(key);
    }
    for (const [successor, key] of this.#predecessors) {
      if (this.#entries.has(key)) break;
      this.#predecessors.delete(successor);
    }
  }
}

function hash(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

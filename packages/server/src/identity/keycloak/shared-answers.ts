import { createHash } from "node:crypto";
import type { SteadyClock } from "../../core/clock.ts";

interface Shared<Answer> {
  readonly answer: Promise<Answer>;
  /** When the answer came; undefined while it is awaited. */
  cameAt: number | undefined;
  /** The answer's own secret was asked with: the caller went on. */
  spent: boolean;
  repeats: number;
}

export interface SharedAnswersOptions<Answer> {
  /** The longest grace of all callers, in milliseconds: an answer is remembered for so long. */
  readonly keepFor: number;
  /** One answer is given to so many repeats. */
  readonly most: number;
  readonly steady: SteadyClock;
  /** The secret that a caller with this answer asks with next: after that, the old one is not repeated in good faith. */
  readonly next: (answer: Answer) => string | undefined;
}

export interface Question<Answer> {
  /** For how long this caller gets an answer that was given before, in milliseconds. */
  readonly grace: number;
  readonly work: () => Promise<Answer>;
  /** Notes that this caller got the answer of another. */
  readonly repeated: () => Promise<void>;
  /** Answers a question that is repeated after a caller went on from its answer. */
  readonly replay: () => Promise<Answer>;
}

/** An idempotency window: one answer for all callers that ask with the same secret within the grace. */
export class SharedAnswers<Answer> {
  readonly #options: SharedAnswersOptions<Answer>;
  readonly #shared = new Map<string, Shared<Answer>>();
  /** From the name of the next secret to that of the secret before. */
  readonly #before = new Map<string, string>();

  constructor(options: SharedAnswersOptions<Answer>) {
    this.#options = options;
  }

  /**
   * The answer that `work` gives for a secret. A failure is shared by callers that wait for it, and by no later one.
   * A repeat that is too late or one too many asks anew.
   */
  async of(secret: string, { grace, work, repeated, replay }: Question<Answer>): Promise<Answer> {
    this.#forgetOld();
    const name = nameOf(secret);
    const known = this.#shared.get(name);
    if (known?.spent) return replay();
    if (known !== undefined && known.repeats < this.#options.most && this.#ageOf(known) <= grace) {
      known.repeats++;
      const answer = await known.answer;
      await repeated();
      return answer;
    }
    const before = this.#shared.get(this.#before.get(name) ?? "");
    if (before !== undefined) before.spent = true;
    return this.#ask(name, work);
  }

  #ask(name: string, work: () => Promise<Answer>): Promise<Answer> {
    const answer = work();
    const shared: Shared<Answer> = { answer, cameAt: undefined, spent: false, repeats: 0 };
    this.#shared.delete(name);
    this.#shared.set(name, shared);
    const came = (given: Answer) => {
      shared.cameAt = this.#options.steady();
      const next = this.#options.next(given);
      if (next !== undefined) this.#before.set(nameOf(next), name);
    };
    const failed = () => {
      if (this.#shared.get(name) === shared) this.#shared.delete(name);
    };
    answer.then(came, failed);
    return answer;
  }

  #ageOf({ cameAt }: Shared<Answer>): number {
    return cameAt === undefined ? 0 : this.#options.steady() - cameAt;
  }

  /** In the order of the first questions, so everything behind the first young answer is young. */
  #forgetOld(): void {
    for (const [name, shared] of this.#shared) {
      if (shared.cameAt === undefined || this.#ageOf(shared) <= this.#options.keepFor) break;
      this.#shared.delete(name);
    }
    for (const [next, name] of this.#before) {
      if (this.#shared.has(name)) break;
      this.#before.delete(next);
    }
  }
}

function nameOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

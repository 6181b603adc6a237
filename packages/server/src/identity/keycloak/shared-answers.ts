import { createHash } from "node:crypto";
import type { Clock } from "../../core/ports.ts";

interface Shared<Answer> {
  readonly answer: Promise<Answer>;
  /** Until when it is given again; undefined while it is not there yet. */
  until: number | undefined;
  /** Somebody went on from this answer. */
  spent: boolean;
}

export interface SharedAnswersOptions<Answer> {
  /** For how long an answer is given again, in milliseconds. */
  readonly grace: number;
  readonly clock: Clock;
  /** What will be asked next by who got this answer: after that, nobody has a reason to ask as before. */
  readonly next: (answer: Answer) => string | undefined;
}

/** One answer for all who ask the same within a while, so that what can be asked once is asked once. */
export class SharedAnswers<Answer> {
  readonly #options: SharedAnswersOptions<Answer>;
  readonly #shared = new Map<string, Shared<Answer>>();
  /** By what is asked next: what was asked before. */
  readonly #before = new Map<string, string>();

  constructor(options: SharedAnswersOptions<Answer>) {
    this.#options = options;
  }

  /**
   * The answer that `work` gives for a secret. A failure is shared by those who wait for it, and by nobody later.
   *
   * @param replay answers who asks as before although somebody went on
   */
  of(secret: string, work: () => Promise<Answer>, replay: () => Promise<Answer>): Promise<Answer> {
    this.#forgetOld();
    const name = nameOf(secret);
    const known = this.#shared.get(name);
    if (known !== undefined) return known.spent ? replay() : known.answer;
    const before = this.#shared.get(this.#before.get(name) ?? "");
    if (before !== undefined) before.spent = true;
    const shared: Shared<Answer> = { until: undefined, spent: false, answer: this.#remember(name, work) };
    this.#shared.set(name, shared);
    return shared.answer;
  }

  async #remember(name: string, work: () => Promise<Answer>): Promise<Answer> {
    try {
      const answer = await work();
      const shared = this.#shared.get(name);
      if (shared !== undefined) shared.until = this.#options.clock() + this.#options.grace;
      const next = this.#options.next(answer);
      if (next !== undefined) this.#before.set(nameOf(next), name);
      return answer;
    } catch (error) {
      this.#shared.delete(name);
      throw error;
    }
  }

  /** In the order in which they were asked, so that what is left to look at is young. */
  #forgetOld(): void {
    const now = this.#options.clock();
    for (const [name, { until }] of this.#shared) {
      if (until === undefined || until >= now) break;
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

import { createHash } from "node:crypto";
import type { Clock } from "../../core/ports.ts";

/** One answer for all who ask the same within a while, so that what can be asked once is asked once. */
export class SharedAnswers<Answer> {
  readonly #grace: number;
  readonly #clock: Clock;
  readonly #answers = new Map<string, { readonly answer: Promise<Answer>; readonly until: () => number }>();

  /** @param grace for how long an answer is given again, in milliseconds */
  constructor(grace: number, clock: Clock) {
    this.#grace = grace;
    this.#clock = clock;
  }

  /** The answer that `work` gives for a secret. A failure is shared by those who wait for it, and by nobody later. */
  of(secret: string, work: () => Promise<Answer>): Promise<Answer> {
    this.#forget();
    const name = createHash("sha256").update(secret).digest("base64url");
    const known = this.#answers.get(name);
    if (known !== undefined) return known.answer;
    let until = Number.POSITIVE_INFINITY;
    const answer = work().then(
      (given) => {
        until = this.#clock() + this.#grace;
        return given;
      },
      (error: unknown) => {
        this.#answers.delete(name);
        throw error;
      },
    );
    this.#answers.set(name, { answer, until: () => until });
    return answer;
  }

  #forget(): void {
    const now = this.#clock();
    for (const [name, { until }] of this.#answers) {
      // The first that still counts is followed by younger ones.
      if (until() >= now) return;
      this.#answers.delete(name);
    }
  }
}

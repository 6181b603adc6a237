import type { Step } from "../database.ts";
import type { Change } from "./transaction.ts";

type SentStep = readonly [text: number, must: boolean, values: readonly unknown[]];

/** A group on its way to the writing thread. Each SQL text has a number, and is sent once in the life of the thread. */
export interface SentGroup {
  /** The number of the first new text. */
  readonly firstNew: number;
  /** The texts that the thread does not have yet, in the order of their numbers. */
  readonly newTexts: readonly string[];
  readonly changes: readonly { readonly urgent: boolean; readonly steps: readonly SentStep[] }[];
}

/** Numbers the SQL texts on the side that sends. */
export class GroupSender {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];
  /** The texts that were posted. A post can fail, and then its texts are sent again. */
  #posted = 0;

  /** @param post sends a message, or throws */
  send(group: readonly Change[], post: (message: SentGroup) => void): void {
    const changes = group.map(({ urgent, steps }) => ({
      urgent,
      steps: steps.map((step) => this.#sent(step)),
    }));
    post({ firstNew: this.#posted, newTexts: this.#texts.slice(this.#posted), changes });
    this.#posted = this.#texts.length;
  }

  #sent({ sql, must, values }: Step): SentStep {
    let number = this.#numbers.get(sql);
    if (number === undefined) {
      number = this.#texts.push(sql) - 1;
      this.#numbers.set(sql, number);
    }
    return [number, must, values];
  }
}

/** Keeps the SQL texts in the writing thread. */
export class GroupReceiver {
  readonly #texts: string[] = [];

  /** @throws {Error} if a step names a text that was never sent */
  unpack({ firstNew, newTexts, changes }: SentGroup): Change[] {
    for (const [index, text] of newTexts.entries()) this.#texts[firstNew + index] = text;
    const received = ([number, must, values]: SentStep): Step => {
      const sql = this.#texts[number];
      if (sql === undefined) throw new Error(`the writing thread has no SQL text ${number}`);
      return { sql, must, values };
    };
    return changes.map(({ urgent, steps }) => ({ urgent, steps: steps.map(received) }));
  }
}

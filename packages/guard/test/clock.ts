import { start } from "@latchkey/testkit/mcp/issuer";
import type { Clocks } from "../src/support/clocks.ts";

/** Both clocks of a guard, moved by the test. */
export class TestClock implements Clocks {
  #now = start * 1000;
  #steady = 0;
  readonly now = () => this.#now;
  readonly steady = () => this.#steady;

  /** Moves both clocks. @param ms milliseconds */
  pass(ms: number): void {
    this.#now += ms;
    this.#steady += ms;
  }

  /** Moves the system clock alone. @param ms milliseconds */
  set(ms: number): void {
    this.#now += ms;
  }

  /** Moves the steady clock alone. @param ms milliseconds */
  passUnseen(ms: number): void {
    this.#steady += ms;
  }
}

import type { Clocks } from "../src/support/clocks.ts";
import { start } from "./issuer.ts";

/** Both clocks of a guard, in the test's hand. */
export class TestClock implements Clocks {
  #now = start * 1000;
  #steady = 0;
  readonly now = () => this.#now;
  readonly steady = () => this.#steady;

  /** Time goes by, on both. @param ms milliseconds */
  pass(ms: number): void {
    this.#now += ms;
    this.#steady += ms;
  }

  /** Somebody sets the system's clock, forth or back. @param ms milliseconds */
  set(ms: number): void {
    this.#now += ms;
  }

  /** The steady clock alone goes on, as if the system's were set back at the same time. @param ms milliseconds */
  passUnseen(ms: number): void {
    this.#steady += ms;
  }
}

import type { TokenSet, TokenStore } from "../src/index.ts";

/** The outcome of a write: done, refused, or torn, which also loses the old tokens. */
export type Fate = "done" | "refused" | "torn";

/** A store with faults on demand. */
export class FailingStore implements TokenStore {
  readonly name?: string;
  readonly full = new Error("the disk is full");
  readonly broken = new Error("the disk is broken");
  writes: Fate = "done";
  readable = true;
  tries = 0;
  kept: TokenSet | undefined;

  constructor(name?: string) {
    if (name !== undefined) this.name = name;
  }

  get(): TokenSet | undefined {
    if (!this.readable) throw this.broken;
    return this.kept;
  }

  set(tokens: TokenSet | undefined): void {
    this.tries++;
    if (this.writes === "torn") this.kept = undefined;
    if (this.writes !== "done") throw this.full;
    this.kept = tokens;
  }
}

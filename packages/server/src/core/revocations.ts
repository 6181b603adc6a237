import type { RevocationLog } from "./ports.ts";

/**
 * The ended sessions whose access tokens may still look valid, followed from the store's numbered list.
 * Asking is a look into memory; `follow` brings in what this and other processes added.
 */
export class Revocations {
  readonly #log: RevocationLog;
  readonly #until = new Map<string, number>();
  #cursor = 0;

  constructor(log: RevocationLog) {
    this.#log = log;
  }

  isRevoked(sessionId: string | undefined): boolean {
    return sessionId !== undefined && this.#until.has(sessionId);
  }

  async follow(): Promise<void> {
    for (const { number, sessionId, until } of await this.#log.after(this.#cursor)) {
      this.#until.set(sessionId, until);
      this.#cursor = Math.max(this.#cursor, number);
    }
  }

  /** Forgets sessions of which no token can be valid any more. @param now milliseconds since the epoch */
  prune(now: number): void {
    for (const [sessionId, until] of this.#until) {
      if (until < now) this.#until.delete(sessionId);
    }
  }
}

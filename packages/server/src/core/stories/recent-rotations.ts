import type { SteadyClock } from "../clock.ts";
import type { Session } from "./sessions.ts";

/**
 * The recent rotations of this process, by the steady clock. Their age does not depend on the wall clock, which may be
 * set forward or back between the first use of a token and its repeat.
 */
export class RecentRotations {
  readonly #steady: SteadyClock;
  readonly #most: number;
  /** Oldest first. */
  readonly #rotated = new Map<string, { generation: number; at: number }>();

  /** @param most sessions that are held; beyond this the oldest is dropped */
  constructor(steady: SteadyClock, most = 10_000) {
    this.#steady = steady;
    this.#most = most;
  }

  /** Notes that this session was rotated to this generation now. */
  note(sessionId: string, generation: number): void {
    this.#rotated.delete(sessionId);
    const [oldest] = this.#rotated.keys();
    if (this.#rotated.size >= this.#most && oldest !== undefined) this.#rotated.delete(oldest);
    this.#rotated.set(sessionId, { generation, at: this.#steady() });
  }

  forget(sessionId: string): void {
    this.#rotated.delete(sessionId);
  }

  /** Milliseconds since the session's last rotation; undefined if another process made it, or it was dropped. */
  ageOf({ id, generation }: Pick<Session, "id" | "generation">): number | undefined {
    const rotation = this.#rotated.get(id);
    return rotation?.generation === generation ? this.#steady() - rotation.at : undefined;
  }
}

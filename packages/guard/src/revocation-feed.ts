import { type Clocks, type Moment, momentOf, since } from "./clocks.ts";
import { EndedSessions } from "./ended-sessions.ts";
import { MalformedFeed, type Revocation } from "./feed-messages.ts";
import type { Tell } from "./guard-events.ts";

/**
 * What is known of ended sessions, and how far: a cursor into the issuer's list, and the moment at which all
 * of it was known. What was heard stays, whatever the connection does.
 */
export class RevocationFeed {
  readonly #clocks: Clocks;
  readonly #ended: EndedSessions;
  readonly #tell: Tell;
  #cursor = 0;
  #heardAt: Moment | undefined;

  constructor(clocks: Clocks, tell: Tell, ended = new EndedSessions(clocks)) {
    this.#clocks = clocks;
    this.#tell = tell;
    this.#ended = ended;
  }

  /** Number of the last revocation that was seen: where to go on. */
  get cursor(): number {
    return this.#cursor;
  }

  get known(): number {
    return this.#ended.size;
  }

  hasEnded(sessionId: string): boolean {
    return this.#ended.has(sessionId);
  }

  /**
   * Takes in one ended session. Its number becomes the cursor, even a lower one: a list that begins anew, as
   * that of a restored database does, is followed from where it is.
   *
   * @throws {MalformedFeed} where there is no room for it. It is not passed over: the cursor stays before it,
   * so the feed cannot be caught up with and counts as stale, until others have expired
   */
  take({ number, sessionId, until }: Revocation): void {
    if (!this.learn(sessionId, until)) throw new MalformedFeed("more ended sessions than can be remembered");
    this.#cursor = number;
  }

  /** Takes in an ended session that was learnt of in another way. @returns whether there was room for it */
  learn(sessionId: string, until: number): boolean {
    const outcome = this.#ended.add(sessionId, until);
    if (outcome === "added") this.#tell({ name: "session.ended", sessionId });
    return outcome !== "full";
  }

  /** All that the issuer knew is known. @param at when it said so, or, where it was asked, when it was asked */
  caughtUp(cursor: number, at: Moment = momentOf(this.#clocks)): void {
    this.#cursor = cursor;
    this.#heardAt = at;
    this.#ended.forgetExpired();
  }

  /** Milliseconds since all was known; undefined where it never was. */
  staleFor(): number | undefined {
    return this.#heardAt === undefined ? undefined : since(this.#heardAt, this.#clocks);
  }
}

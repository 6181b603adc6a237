import type { Emit } from "../issuer/guard-events.ts";
import { type Clocks, type Moment, momentOf, since } from "../support/clocks.ts";
import { EndedSessions } from "./ended-sessions.ts";
import { MalformedFeed, type Revocation } from "./feed-messages.ts";

/**
 * What is known of ended sessions, and how far: the last one that was seen, and the moment at which all were
 * known. What was heard stays, whatever the connection does.
 */
export class RevocationList {
  readonly #clocks: Clocks;
  readonly #ended: EndedSessions;
  readonly #emit: Emit;
  #last: Revocation | undefined;
  #cursor = 0;
  #heardAt: Moment | undefined;
  #timesCaughtUp = 0;

  constructor(clocks: Clocks, emit: Emit, ended = new EndedSessions(clocks)) {
    this.#clocks = clocks;
    this.#emit = emit;
    this.#ended = ended;
  }

  /** The last one that was seen. */
  get last(): Revocation | undefined {
    return this.#last;
  }

  /** How far the issuer's list was seen, by its own numbers. */
  get cursor(): number {
    return this.#cursor;
  }

  /**
   * The number after which to go on: the one before the last revocation that was seen, so that what comes shows
   * whether it is still the same list. That of a restored database has other sessions at the same numbers.
   */
  get after(): number {
    return this.#last === undefined ? 0 : this.#last.number - 1;
  }

  /** Whether what was asked for from `after` goes on where this ends. @param first what came, undefined for none */
  goesOnWith(first: Revocation | undefined): boolean {
    if (this.#last === undefined) return true;
    return first?.number === this.#last.number && first.sessionId === this.#last.sessionId;
  }

  /** The issuer's list is another one, or has forgotten where this ended: it must be read from its beginning. */
  startOver(): void {
    this.#last = undefined;
    this.#cursor = 0;
  }

  /** Notes the issuer's time. @param date the `Date` header of an answer */
  noteIssuerTime(date: string | null): void {
    const at = Date.parse(date ?? "");
    if (Number.isFinite(at)) this.#ended.noteIssuerTime(at);
  }

  get known(): number {
    return this.#ended.size;
  }

  hasEnded(sessionId: string): boolean {
    return this.#ended.has(sessionId);
  }

  /**
   * Takes in one ended session; the last one again is no news.
   *
   * @throws {MalformedFeed} where there is no room for it. It is not passed over: the feed goes on from before
   * it, so it cannot be caught up with, and it counts as stale from now on, until others have expired
   */
  take(revocation: Revocation): void {
    if (this.#last !== undefined && this.goesOnWith(revocation)) return;
    const { number, sessionId, until } = revocation;
    if (!this.learn(sessionId, until)) {
      this.#heardAt = undefined;
      throw new MalformedFeed("more ended sessions than can be remembered");
    }
    this.#last = revocation;
    this.#cursor = number;
  }

  /** Takes in an ended session that was learnt of in another way. @returns whether there was room for it */
  learn(sessionId: string, until: number): boolean {
    const outcome = this.#ended.add(sessionId, until);
    if (outcome === "added") this.#emit({ name: "session.ended", sessionId });
    return outcome !== "full";
  }

  /** All that the issuer knew is known. @param at when it said so, or, where it was asked, when it was asked */
  caughtUp(cursor: number, at: Moment = momentOf(this.#clocks)): void {
    this.#cursor = cursor;
    this.#heardAt = at;
    this.#timesCaughtUp += 1;
    this.#ended.forgetExpired();
  }

  get timesCaughtUp(): number {
    return this.#timesCaughtUp;
  }

  /** Milliseconds since all was known; undefined where it never was, or there is no room for it. */
  staleFor(): number | undefined {
    return this.#heardAt === undefined ? undefined : since(this.#heardAt, this.#clocks);
  }
}

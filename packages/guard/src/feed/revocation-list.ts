import type { Emit } from "../issuer/guard-events.ts";
import { type Clocks, type Moment, momentOf, since } from "../support/clocks.ts";
import { EndedSessions } from "./ended-sessions.ts";
import { MalformedFeed, type Revocation } from "./feed-messages.ts";

/**
 * The guard's copy of the issuer's list of ended sessions. It knows its position in the list, and when the copy
 * was last complete. Entries stay when the connection is lost.
 */
export class RevocationList {
  readonly #clocks: Clocks;
  readonly #ended: EndedSessions;
  readonly #emit: Emit;
  #last: Revocation | undefined;
  #cursor = 0;
  #completeAt: Moment | undefined;
  #timesCaughtUp = 0;

  constructor(clocks: Clocks, emit: Emit, ended = new EndedSessions(clocks)) {
    this.#clocks = clocks;
    this.#emit = emit;
    this.#ended = ended;
  }

  /** The last entry that was read. */
  get last(): Revocation | undefined {
    return this.#last;
  }

  /** The number of the last list entry that was read. */
  get cursor(): number {
    return this.#cursor;
  }

  /**
   * The number after which to continue: one before the last entry. So the last entry comes again and shows
   * whether this is still the same list. The list of a restored database has other sessions at the same
   * numbers.
   */
  get after(): number {
    return this.#last === undefined ? 0 : this.#last.number - 1;
  }

  /** Whether a list continues this one. @param first its first entry after `after`; undefined if it is empty */
  continuesWith(first: Revocation | undefined): boolean {
    if (this.#last === undefined) return true;
    return first?.number === this.#last.number && first.sessionId === this.#last.sessionId;
  }

  /** Returns to the beginning, for another list or one without the last entry. Known sessions stay ended. */
  startOver(): void {
    this.#last = undefined;
    this.#cursor = 0;
  }

  /** Notes the issuer's time. @param date the `Date` header of a response */
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
   * Adds an entry. The last entry again changes nothing.
   *
   * @throws {MalformedFeed} if room is lacking. The entry is not skipped: the list counts as stale from now on,
   * until other entries have expired
   */
  take(revocation: Revocation): void {
    if (this.#last !== undefined && this.continuesWith(revocation)) return;
    const { number, sessionId, until } = revocation;
    if (!this.learn(sessionId, until)) {
      this.#completeAt = undefined;
      throw new MalformedFeed("more ended sessions than fit in memory");
    }
    this.#last = revocation;
    this.#cursor = number;
  }

  /** Adds an ended session from another source than the feed. @returns whether there was room */
  learn(sessionId: string, until: number): boolean {
    const outcome = this.#ended.add(sessionId, until);
    if (outcome === "added") this.#emit({ name: "session.ended", sessionId });
    return outcome !== "full";
  }

  /** Notes that the copy is complete. @param at the time of the event, or of the request */
  caughtUp(cursor: number, at: Moment = momentOf(this.#clocks)): void {
    this.#cursor = cursor;
    this.#completeAt = at;
    this.#timesCaughtUp += 1;
    this.#ended.forgetExpired();
  }

  get timesCaughtUp(): number {
    return this.#timesCaughtUp;
  }

  /** Milliseconds since the copy was complete; undefined if it never was, or room is lacking. */
  staleFor(): number | undefined {
    return this.#completeAt === undefined ? undefined : since(this.#completeAt, this.#clocks);
  }
}

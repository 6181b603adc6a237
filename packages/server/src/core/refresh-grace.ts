import { addressBucket } from "./addresses.ts";
import type { Caller } from "./audit-events.ts";
import type { Clock, SteadyClock } from "./clock.ts";
import { RecentRotations } from "./recent-rotations.ts";
import type { Session } from "./sessions.ts";

/** Whether a repeat comes from the address that its session was opened from. */
export type RepeatOrigin = "same_address" | "other_address";

/**
 * For how long a repeated refresh token gets the same successor, in milliseconds. A lost answer is asked for again from
 * the same address, perhaps a minute later; from another address it may be a copy.
 */
export type GraceSettings = Readonly<Record<RepeatOrigin, number>>;

/** @param openedFrom the session's address bucket */
export function originOf({ address }: Caller, openedFrom: string): RepeatOrigin {
  return addressBucket(address) === openedFrom ? "same_address" : "other_address";
}

/** Repeats of one refresh token that get its successor, at most. The next one is a replay. */
export const mostRepeats = 20;

/**
 * How far a rotation may seem to lie in the future, in milliseconds. Replicas that keep their time by NTP differ by
 * some hundred milliseconds; a larger difference is a clock that was set back, and says nothing of the age.
 */
const skew = 2_000;

/** The moment of a rotation. Disposed of before its outcome is known, it is forgotten. */
export interface RotationMoment extends Disposable {
  /** Keeps the moment: the rotation was made, here or by another replica at this moment. */
  keep(): void;
}

/** Decides whether a repeat of the last refresh token is a lost answer or a replay. */
export class RefreshGrace {
  readonly #settings: GraceSettings;
  readonly #clock: Clock;
  readonly #rotations: RecentRotations;

  constructor(settings: GraceSettings, clock: Clock, steady: SteadyClock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#rotations = new RecentRotations(steady);
  }

  /** Notes the moment of a rotation before it is made: a repeat may arrive before its outcome is known here. */
  begin(sessionId: string, generation: number): RotationMoment {
    const rotations = this.#rotations;
    let kept = false;
    rotations.note(sessionId, generation);
    return {
      keep() {
        kept = true;
      },
      [Symbol.dispose]() {
        if (!kept) rotations.forget(sessionId);
      },
    };
  }

  /** Where a repeat comes from, if it comes in time; undefined if it is too late. */
  admits(session: Session, caller: Caller): RepeatOrigin | undefined {
    const origin = originOf(caller, session.addressBucket);
    return this.#age(session) <= this.#settings[origin] ? origin : undefined;
  }

  /** The steady clock decides if it can: the wall clock alone cannot tell an age from a step. */
  #age(session: Session): number {
    const known = this.#rotations.ageOf(session);
    if (known !== undefined) return known;
    const age = this.#clock() - session.rotatedAt;
    return age < -skew ? Number.POSITIVE_INFINITY : age;
  }
}

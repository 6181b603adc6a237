import type { Caller } from "../audit-events.ts";
import type { Clock, SteadyClock } from "../clock.ts";
import { RecentKeys } from "../recent-keys.ts";
import { addressBucket } from "../throttle/addresses.ts";
import type { Session } from "./sessions.ts";

/** Whether a repeat comes from the address that its session was opened from. */
export type RepeatOrigin = "same_address" | "other_address";

/**
 * How long a repeated refresh token gets the same successor, in milliseconds. A client repeats after a lost answer from
 * its own address, perhaps a minute later. A repeat from another address may come from a thief.
 */
export type GraceSettings = Readonly<Record<RepeatOrigin, number>>;

/** The same for every session. */
export interface SessionGraceSettings extends GraceSettings {
  /**
   * For a session of an OAuth client, from any address, in milliseconds. Several processes of one client share a
   * refresh token, and a client on servers repeats from another server.
   */
  readonly client: number;
}

/** @param openedFrom the session's address bucket */
export function originOf({ address }: Caller, openedFrom: string): RepeatOrigin {
  return addressBucket(address) === openedFrom ? "same_address" : "other_address";
}

/** Repeats of one refresh token that get its successor, at most. A further repeat is a replay. */
export const mostRepeats = 20;

/**
 * The clock difference between replicas that is tolerated, in milliseconds. With NTP they differ by some hundred
 * milliseconds. A larger difference means that a clock was set back, and then the age of a rotation is unknown.
 */
const skew = 2_000;

/** Decides whether a repeat of the last refresh token is a lost answer or a replay. */
export class RefreshGrace {
  readonly #settings: SessionGraceSettings;
  readonly #clock: Clock;
  /** The rotations of this process. */
  readonly #rotations: RecentKeys;

  constructor(settings: SessionGraceSettings, clock: Clock, steady: SteadyClock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#rotations = new RecentKeys(steady);
  }

  /**
   * Notes the moment of a rotation to this generation, made here or by another replica. A repeat may arrive before its
   * outcome is known here, so the moment counts from the begin. A failed rotation is forgotten. A session has one
   * noted rotation, so a session that refreshes often does not displace others.
   */
  async note(sessionId: string, generation: number, rotation: Promise<boolean>): Promise<boolean> {
    this.#rotations.note(sessionId, generation);
    try {
      return await rotation;
    } catch (error) {
      this.#rotations.forget(sessionId, generation);
      throw error;
    }
  }

  /** The origin of a repeat in time; undefined if it is too late. */
  admits(session: Session, caller: Caller): RepeatOrigin | undefined {
    const origin = originOf(caller, session.addressBucket);
    const grace = this.#settings[session.client === null ? origin : "client"];
    return this.ageOf(session) <= grace ? origin : undefined;
  }

  /**
   * Milliseconds since a session got this generation; infinite if a clock was set back. Prefers the steady clock: the
   * wall clock alone cannot tell an age from a step.
   */
  ageOf({ id, generation, rotatedAt }: Pick<Session, "id" | "generation" | "rotatedAt">): number {
    const known = this.#rotations.ageOf(id, generation);
    if (Number.isFinite(known)) return known;
    const age = this.#clock() - rotatedAt;
    return age < -skew ? Number.POSITIVE_INFINITY : age;
  }
}

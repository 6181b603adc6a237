import type { Clock, SteadyClock } from "./clock.ts";

/** A larger offset shortens or lengthens tokens and graces noticeably, in milliseconds. */
const clockTolerance = 2_000;

/** A measured offset between two clocks, in milliseconds. */
export interface ClockOffset {
  /** This process's clock minus the database's. */
  readonly offset: number;
  /** Half of the round trip. The true offset is that close to `offset`, give or take a millisecond of rounding. */
  readonly uncertainty: number;
  /** The reading of the database's clock, since the epoch. */
  readonly databaseTime: number;
}

/**
 * Measures the offset from a database's clock. The reading is taken for one in the middle of the round trip. All readings
 * are within it, so a pause of this process between two of them adds to the uncertainty.
 */
export async function measureOffset(
  databaseClock: () => Promise<number>,
  clock: Clock,
  steady: SteadyClock,
): Promise<ClockOffset> {
  const begunAt = steady();
  const before = clock();
  const databaseTime = await databaseClock();
  // By the steady clock: a step of the wall clock in between would look like a long or a negative round trip.
  const uncertainty = (steady() - begunAt) / 2;
  return { offset: before + uncertainty - databaseTime, uncertainty, databaseTime };
}

/** Whether the clocks differ by more than is tolerated, even if the uncertainty is subtracted. */
export function isFarOff({ offset, uncertainty }: ClockOffset): boolean {
  return Math.abs(offset) - uncertainty > clockTolerance;
}

/** Milliseconds as seconds, to the millisecond. */
export function secondsOf(ms: number): number {
  return Math.round(ms) / 1000;
}

/**
 * An offset with the bound of its error, for people. Both clocks are read to the millisecond, so the bound is at least
 * one millisecond: even the shortest round trip claims no exact measurement.
 */
export function shownOffset({ offset, uncertainty }: ClockOffset): string {
  const bound = Math.ceil(uncertainty) + 1;
  return `${secondsOf(offset).toFixed(3)} seconds, measured to within ${(bound / 1000).toFixed(3)}`;
}

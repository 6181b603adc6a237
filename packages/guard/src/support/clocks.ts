// Internal to Latchkey's own packages: this subpath may change in any version.

/**
 * Two clocks, because each can fail alone: the system clock can be set back or forward, and the steady clock
 * stands still while a machine sleeps.
 */
export interface Clocks {
  /** Milliseconds since the epoch, by the system clock. */
  readonly now: () => number;
  /** Milliseconds since an arbitrary start; never set back. */
  readonly steady: () => number;
}

/** A moment by both clocks. */
export interface Moment {
  readonly now: number;
  readonly steady: number;
}

/** The present moment. */
export function momentOf(clocks: Clocks): Moment {
  return { now: clocks.now(), steady: clocks.steady() };
}

/** Milliseconds since a moment, by the clock that says more, so that nothing lives too long. */
export function since(moment: Moment, clocks: Clocks): number {
  return Math.max(clocks.now() - moment.now, clocks.steady() - moment.steady);
}

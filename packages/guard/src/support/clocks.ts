/**
 * Two clocks, because each can fail alone: the system's is set back or forth, the steady one stands still
 * while a machine sleeps.
 */
export interface Clocks {
  /** Milliseconds since the epoch, by the system's clock. */
  readonly now: () => number;
  /** Milliseconds since whenever, never set back. */
  readonly steady: () => number;
}

/** When something happened, by both clocks. */
export interface Moment {
  readonly now: number;
  readonly steady: number;
}

export function momentOf(clocks: Clocks): Moment {
  return { now: clocks.now(), steady: clocks.steady() };
}

/** Milliseconds since a moment: what the clock says that makes more of it, so nothing lives too long. */
export function since(moment: Moment, clocks: Clocks): number {
  return Math.max(clocks.now() - moment.now, clocks.steady() - moment.steady);
}

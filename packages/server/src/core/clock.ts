/** Milliseconds since the epoch. */
export type Clock = () => number;

/** Milliseconds of a clock that never steps, from an arbitrary origin. It measures elapsed time. */
export type SteadyClock = () => number;

import type { Origin } from "../audit-events.ts";

/** An administrator, as the origin of an event. */
export interface Administrator extends Origin {
  readonly actor: string;
}

/**
 * A refused change of a user, a client or a resource. The message is one line for its author. The command line loads
 * this file at every start, and the stories at their first use alone.
 */
export class RefusedChange extends Error {}

/** The client or resource of a change is unknown, or was removed meanwhile. */
export class UnknownSubject extends RefusedChange {}

/** Another change came first. The author reads the state again and decides anew. */
export class OvertakenChange extends RefusedChange {}

/** The client or resource is not as the author of a conditional change has read it. */
export class OutdatedState extends RefusedChange {}

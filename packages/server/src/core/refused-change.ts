/**
 * A refused change of a user, a client or a resource. The message is one line for its author. The command line loads
 * this file at every start, and the stories at their first use alone.
 */
export class RefusedChange extends Error {}

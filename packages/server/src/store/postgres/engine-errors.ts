import { LatchkeyError } from "../../core/errors.ts";

/** What is wrong, as far as it decides what to do next. */
export type ErrorClass =
  /** The connection, or the server behind it, is of no use: look for the primary anew. */
  | "connection"
  /** Nothing was changed, and the same change may succeed now. */
  | "conflict"
  /** The statement itself was refused, or took too long. */
  | "statement";

/** Class 08, an operator's shutdown, a server that starts, and one that only reads (PostgreSQL, appendix A). */
const connectionStates = /^(08|57P0|25006|28|3D000)/;
const conflictStates = /^(40001|40P01)$/;

export function errorClassOf(error: unknown): ErrorClass {
  const state = stateOf(error);
  if (state === undefined || connectionStates.test(state)) return "connection";
  return conflictStates.test(state) ? "conflict" : "statement";
}

/**
 * Whether the server refused a connection because there are enough: of all, of this role, or of this database (53300),
 * or because a limit of its configuration is reached (53400).
 */
export function isConnectionLimit(error: unknown): boolean {
  return /^53[34]00$/.test(stateOf(error) ?? "");
}

/** The SQLSTATE of what the engine said; undefined where it said nothing, as when the connection broke. */
export function stateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  // Every state has a digit, and names of the system's errors, such as EPIPE, have none.
  return /^(?=.*\d)[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

/** What went wrong, for the log: the engine's message without its details, in which values may stand. */
export function logReasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node gathers the failures of several addresses of one host.
  const [first] = error instanceof AggregateError ? error.errors : [error];
  const message = first instanceof Error && first.message !== "" ? first.message : error.name;
  const state = stateOf(error);
  return state === undefined ? message : `${message} (${state})`;
}

/** @param reason for the log alone */
export function unavailable(reason: string): LatchkeyError {
  return new LatchkeyError("store_unavailable", { reason, retryAfter: 1 });
}

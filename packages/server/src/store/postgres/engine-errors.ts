/** The server answers, but its setup does not fit. The message is the advice for an operator. */
export class UnfitServer extends Error {}

/** The class of an error decides how it is handled. */
export type ErrorClass =
  /** The connection or its server failed: search for the primary again. */
  | "connection"
  /** Nothing was changed, and a retry may succeed. */
  | "conflict"
  /** The statement was refused, or exceeded its timeout. */
  | "statement";

/** Class 08, an operator's shutdown, a starting server, and a read-only one (PostgreSQL, appendix A). */
const connectionStates = /^(08|57P0|25006|28|3D000)/;
// A unique violation (23505): a concurrent change took the name first. The retry of a conditional statement sees it.
const conflictStates = /^(40001|40P01|23505)$/;

export function errorClassOf(error: unknown): ErrorClass {
  const state = stateOf(error);
  if (state === undefined || connectionStates.test(state)) return "connection";
  return conflictStates.test(state) ? "conflict" : "statement";
}

/**
 * Whether the server refused a connection because of a limit of the server, the role or the database (53300), or of its
 * configuration (53400).
 */
export function isConnectionLimit(error: unknown): boolean {
  return /^53[34]00$/.test(stateOf(error) ?? "");
}

/** The SQLSTATE of an error; undefined if the engine sent none, for example after a broken connection. */
export function stateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  // Every SQLSTATE has a digit. Names of system errors, such as EPIPE, have none.
  return /^(?=.*\d)[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

/** The reason for the log: the engine's message without its details, which may contain values. */
export function logReasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node collects the failures of a host's addresses in one error.
  const [first] = error instanceof AggregateError ? error.errors : [error];
  const message = first instanceof Error && first.message !== "" ? first.message : error.name;
  const state = stateOf(error);
  return state === undefined ? message : `${message} (${state})`;
}

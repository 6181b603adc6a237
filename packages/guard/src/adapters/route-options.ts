import type { Implications } from "../rules/decide.ts";
import type { TokenErrorCode } from "../token-error.ts";

/** What holds for all routes behind a guard. */
export interface RouteOptions {
  /** Scopes that stand for others: `{ "notes:write": ["notes:read"] }`. Followed through any number of steps. */
  readonly implies?: Implications | undefined;
  /**
   * Told of every decision about a request, for an audit. A request that is allowed does not go ahead where
   * this throws: the framework's own handling of errors answers it.
   */
  readonly onDecision?: ((decision: RouteDecision) => void) | undefined;
}

/** What was decided of one request: no token, no header, no query, no body. */
export type RouteDecision = {
  readonly method: string;
  readonly path: string;
} & (
  | { readonly outcome: "allowed"; readonly userId: string }
  | {
      readonly outcome: "denied";
      /** Undefined where it is not known who called. */
      readonly userId: string | undefined;
      /** Why, as the caller is told. */
      readonly code: TokenErrorCode;
      /** Which check failed: for the log, not for the caller. */
      readonly reason: string;
    }
);

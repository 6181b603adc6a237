import type { Implications } from "../rules/decide.ts";
import type { TokenErrorCode } from "../token-error.ts";

/** Options for all routes behind a guard. */
export interface RouteOptions {
  /** Scopes that imply others: `{ "notes:write": ["notes:read"] }`. An implied scope may imply more. */
  readonly implies?: Implications | undefined;
  /**
   * Called with every decision about a request, for an audit. If it throws, an allowed request does not go
   * ahead: the framework's error handling answers it.
   */
  readonly onDecision?: ((decision: RouteDecision) => void) | undefined;
}

/** The decision about one request. It contains no token, header, query or body. */
export type RouteDecision = {
  readonly method: string;
  readonly path: string;
} & (
  | { readonly outcome: "allowed"; readonly userId: string }
  | {
      readonly outcome: "denied";
      /** Undefined if the caller is unknown. */
      readonly userId: string | undefined;
      /** The code that the caller receives. */
      readonly code: TokenErrorCode;
      /** The check that failed, for the log. The caller does not see it. */
      readonly reason: string;
    }
);

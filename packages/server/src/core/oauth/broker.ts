import type { Caller } from "../audit-events.ts";
import type { LatchkeyError } from "../errors.ts";
import type { AuthorizationRequest, RequestCheck } from "./authorization-request.ts";

/** A cookie that binds a sign-in at the identity provider to the browser that began it. */
export interface BrokerCookie {
  readonly name: string;
  readonly value: string;
  /** Lifetime in seconds. */
  readonly maxAge: number;
}

/** The start of a sign-in at the identity provider. */
export interface BrokerStart {
  /** The provider's authorization endpoint, with our own request. */
  readonly location: string;
  readonly cookie: BrokerCookie;
  /** The names of cookies of the browser's oldest sign-ins, to be removed. Too many would not fit into a request. */
  readonly surplus: readonly string[];
}

/** The provider's answer at the callback, as the browser brings it. */
export interface BrokerAnswer {
  /** The query, without `?`. */
  readonly query: string;
  /** The field `Cookie`. Undefined if the browser sent none. */
  readonly cookies: string | undefined;
}

/**
 * The outcome of a sign-in at the identity provider. `query` is the query of the authorization request, so that the
 * page can be shown once more.
 */
export type BrokerOutcome =
  /** The code goes to the redirect URI. */
  | { readonly outcome: "granted"; readonly request: AuthorizationRequest; readonly code: string }
  /** The error goes to the redirect URI: the person or the provider refused. */
  | { readonly outcome: "refused"; readonly request: AuthorizationRequest; readonly refusal: LatchkeyError }
  /** The provider or this server is too busy or cannot be reached. The person can try again from the page. */
  | {
      readonly outcome: "unavailable";
      readonly request: AuthorizationRequest;
      readonly query: string;
      readonly refusal: LatchkeyError;
    }
  /** The authorization request was valid at the start, and is not now: for example, its client was blocked meanwhile. */
  | { readonly outcome: "invalid"; readonly check: Exclude<RequestCheck, { readonly outcome: "valid" }> };

/**
 * Signs people in at an identity provider for OAuth clients. Any replica can receive the answer: the sign-in travels
 * sealed in `state`, and opens only with the cookie of the browser that began it.
 */
export interface Broker {
  /** The provider's name, for people. */
  readonly provider: string;
  /**
   * Begins a sign-in for a checked authorization request.
   *
   * @param query the query of the authorization request, without `?`
   * @param cookies the field `Cookie`. Undefined if the browser sent none
   * @throws {LatchkeyError} `invalid_request` if the request is too long to travel through the provider;
   * `provider_unavailable`
   */
  begin(request: AuthorizationRequest, query: string, cookies: string | undefined): Promise<BrokerStart>;
  /**
   * Finishes a sign-in. An answer is accepted once, from the browser that began the sign-in.
   *
   * @throws {LatchkeyError} `invalid_provider_answer` for any other answer
   */
  finish(answer: BrokerAnswer, caller: Caller): Promise<BrokerOutcome>;
  /** The name of the cookie that belongs to an answer, so that it can be removed. Undefined for a malformed answer. */
  cookieOf(query: string): string | undefined;
}

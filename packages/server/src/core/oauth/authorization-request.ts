import type { LatchkeyError } from "../errors.ts";
import type { Client } from "./client.ts";
import type { Resource } from "./resources.ts";

/** An authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2) that a person may be asked about. */
export interface AuthorizationRequest {
  readonly client: Client;
  /** As the client sent it. It matches one of the client's. */
  readonly redirectUri: string;
  readonly state: string | undefined;
  /** The code challenge, method S256. */
  readonly challenge: string;
  readonly resource: Resource;
  /** The known scopes of those that were asked for, separated by spaces. */
  readonly scope: string;
  /** A name for the user name field. */
  readonly loginHint: string | undefined;
}

/** The outcome of the check of an authorization request. */
export type RequestCheck =
  | { readonly outcome: "valid"; readonly request: AuthorizationRequest }
  /** A page for the person. Nothing is sent to the redirect URI: nobody knows whose it is. */
  | { readonly outcome: "refused"; readonly refusal: LatchkeyError }
  /** An error for the client, at its redirect URI (RFC 6749 §4.1.2.1). */
  | {
      readonly outcome: "returned";
      readonly refusal: LatchkeyError;
      readonly client: Client;
      readonly redirectUri: string;
      readonly state: string | undefined;
      /** Whether the browser may go there without a click (OAuth 2.1 §7.12.2). */
      readonly automatic: boolean;
    };

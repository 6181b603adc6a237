import type { Caller } from "../audit-events.ts";
import { LatchkeyError } from "../errors.ts";
import { readParameters, stateIn } from "./authorization-parameters.ts";
import type { Client, Clients } from "./client.ts";
import { unknownClient } from "./clients.ts";
import { kindOf, matches } from "./redirect-uris.ts";
import type { Resource, Resources } from "./resources.ts";

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
  /** A page for the person. Nothing is sent to the redirect URI: it may be a stranger's. */
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

/** Checks a query of the authorization endpoint. */
export type CheckRequest = (query: URLSearchParams, caller: Caller) => Promise<RequestCheck>;

/** The parts of the check. */
export interface RequestCheckParts {
  readonly clients: Clients;
  readonly resources: Resources;
  /** The known scopes of those that were asked for, or the resource's default, separated by spaces. */
  readonly allowedScope: (asked: string | undefined, resource: Resource) => string;
}

/**
 * Creates the check. Until client and redirect URI are known, every fault ends on a page: a redirect would lead to an
 * address of the sender's choice (RFC 6749 §4.1.2.1). Later faults are errors for the client. Nothing is stored.
 */
export function createRequestCheck({ clients, resources, allowedScope }: RequestCheckParts): CheckRequest {
  return async function checkRequest(query, caller) {
    let client: Client;
    try {
      client = await clients.byId(clientIdOf(query), caller);
    } catch (error) {
      return refused(error);
    }
    const [redirectUri = "", ...others] = query.getAll("redirect_uri");
    if (others.length > 0 || !client.redirectUris.some((registered) => matches(registered, redirectUri))) {
      return refused(new LatchkeyError("invalid_redirect_uri", { reason: "redirect URI not registered" }));
    }
    try {
      if (!client.grantTypes.includes("authorization_code")) throw new LatchkeyError("unauthorized_client");
      const { scope, resource: asked, ...parameters } = readParameters(query);
      const resource = await resources.named(asked);
      const request = { client, redirectUri, ...parameters, resource, scope: allowedScope(scope, resource) };
      return { outcome: "valid", request };
    } catch (error) {
      // The database is away, not the request wrong: a page says so, and can be loaded again.
      if (!(error instanceof LatchkeyError) || error.status >= 500) return refused(error);
      const automatic = kindOf(redirectUri) !== "https" || client.voucher.by === "operator";
      return { outcome: "returned", refusal: error, client, redirectUri, state: stateIn(query), automatic };
    }
  };
}

/** @throws the error itself, unless it is a refusal */
function refused(error: unknown): RequestCheck {
  if (!(error instanceof LatchkeyError)) throw error;
  return { outcome: "refused", refusal: error };
}

/**
 * An empty parameter counts as absent (RFC 6749 §3.1). An absent one is the application's fault: its person cannot mend
 * it by a new connection.
 *
 * @throws {LatchkeyError} `invalid_request` if the parameter is absent, `unknown_client` if it is sent twice
 */
function clientIdOf(query: URLSearchParams): string {
  const [id = "", ...others] = query.getAll("client_id");
  if (others.length > 0) throw unknownClient("client_id sent twice");
  if (id === "") throw new LatchkeyError("invalid_request", { reason: "client_id absent" });
  return id;
}

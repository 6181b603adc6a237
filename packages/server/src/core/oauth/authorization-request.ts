import type { Caller } from "../audit-events.ts";
import { type ErrorCode, LatchkeyError } from "../errors.ts";
import type { Client, Clients } from "./client.ts";
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

/** Checks a query of the authorization endpoint. */
export type CheckRequest = (query: URLSearchParams, caller: Caller) => Promise<RequestCheck>;

/** The parts of the check. */
export interface RequestCheckParts {
  readonly clients: Clients;
  readonly resources: Resources;
  /** The known scopes of those that were asked for, or the resource's default, separated by spaces. */
  readonly allowedScope: (asked: string | undefined, resource: Resource) => string;
}

/** The parameters of a request. Each may be sent once. */
const parameters = [
  "response_type",
  "response_mode",
  "state",
  "scope",
  "code_challenge",
  "code_challenge_method",
  "prompt",
  "login_hint",
] as const;

/** The longest state, in characters. A longer one would not fit into the URL of an answer everywhere. */
const maxState = 2_048;

/** The longest name for the user name field, in characters. */
const maxLoginHint = 256;

/**
 * Creates the check. Until client and redirect URI are known, every fault ends on a page: a redirect would lead to an
 * address of the sender's choice (RFC 6749 §4.1.2.1). Later faults are errors for the client. Nothing is stored.
 */
export function createRequestCheck({ clients, resources, allowedScope }: RequestCheckParts): CheckRequest {
  return async function checkRequest(query, caller) {
    let client: Client;
    try {
      client = await clients.byId(onlyOne(query, "client_id", "unknown_client"), caller);
    } catch (error) {
      return refused(error);
    }
    const redirectUri = query.getAll("redirect_uri").join(" ");
    if (!client.redirectUris.some((registered) => matches(registered, redirectUri))) {
      return refused(new LatchkeyError("invalid_redirect_uri", { reason: "redirect URI not registered" }));
    }
    try {
      const { scope, ...checked } = checkParameters(query, client);
      const resource = await resources.named(resourceOf(query));
      const request = { client, redirectUri, ...checked, resource, scope: allowedScope(scope, resource) };
      return { outcome: "valid", request };
    } catch (error) {
      // The database is away, not the request wrong: a page says so, and can be loaded again.
      if (!(error instanceof LatchkeyError) || error.status >= 500) return refused(error);
      const automatic = kindOf(redirectUri) !== "https" || client.voucher.by === "operator";
      return { outcome: "returned", refusal: error, client, redirectUri, state: stateOf(query), automatic };
    }
  };
}

/** @throws the error itself, unless it is a refusal */
function refused(error: unknown): RequestCheck {
  if (!(error instanceof LatchkeyError)) throw error;
  return { outcome: "refused", refusal: error };
}

/** @throws {LatchkeyError} the refusal for the client */
function checkParameters(query: URLSearchParams, client: Client) {
  const twice = parameters.find((name) => query.getAll(name).length > 1);
  if (twice !== undefined) throw invalid(`${twice} sent twice`);
  const value = (name: (typeof parameters)[number]) => sentValue(query, name);
  if (!client.grantTypes.includes("authorization_code")) throw new LatchkeyError("unauthorized_client");
  if ((query.get("state") ?? "").length > maxState) throw invalid("state too long");
  const responseType = value("response_type");
  if (responseType === undefined) throw invalid("no response_type");
  if (responseType !== "code") throw new LatchkeyError("unsupported_response_type");
  if ((value("response_mode") ?? "query") !== "query") throw invalid("unknown response_mode");
  if (query.has("request") || query.has("request_uri")) throw invalid("request objects are not supported");
  const challenge = value("code_challenge");
  if (value("code_challenge_method") !== "S256" || challenge === undefined || !isChallenge(challenge)) {
    throw invalid("no code challenge with the method S256");
  }
  if (value("prompt")?.split(" ").includes("none")) throw new LatchkeyError("interaction_required");
  return {
    state: stateOf(query),
    challenge,
    scope: value("scope"),
    loginHint: loginHintOf(value("login_hint")),
  };
}

/** SHA-256 in base64url (RFC 7636 §4.2). */
function isChallenge(text: string): boolean {
  return /^[\w-]{43}$/.test(text);
}

/** The one audience of the token. @throws {LatchkeyError} `invalid_target` if several are asked for */
function resourceOf(query: URLSearchParams): string | undefined {
  if (query.getAll("resource").length > 1) {
    throw new LatchkeyError("invalid_target", { reason: "several resources" });
  }
  return sentValue(query, "resource");
}

/** The state to send back. Several, or one that is too long, count as none. */
function stateOf(query: URLSearchParams): string | undefined {
  const [state, ...others] = query.getAll("state");
  return others.length > 0 || state === undefined || state.length > maxState ? undefined : state;
}

/** A hint that could be a name. Others are ignored: the person types the name. */
function loginHintOf(hint: string | undefined): string | undefined {
  return hint === undefined || hint.length > maxLoginHint || /\p{C}/u.test(hint) ? undefined : hint;
}

/** A parameter without a value counts as absent (RFC 6749 §3.1). */
function sentValue(query: URLSearchParams, name: string): string | undefined {
  return query.get(name) || undefined;
}

/** @param code the refusal if the parameter is absent, or sent twice */
function onlyOne(query: URLSearchParams, name: string, code: ErrorCode): string {
  const [value, ...others] = query.getAll(name);
  if (value === undefined || others.length > 0) {
    throw new LatchkeyError(code, { reason: `${name} missing or sent twice` });
  }
  return value;
}

/** @param reason for the log */
function invalid(reason: string): LatchkeyError {
  return new LatchkeyError("invalid_request", { reason });
}

import { LatchkeyError } from "../errors.ts";
import { isChallenge } from "./pkce.ts";

/** Parameters of an authorization request, besides those that name the client and its redirect URI. */
export interface AuthorizationParameters {
  readonly state: string | undefined;
  readonly challenge: string;
  readonly scope: string | undefined;
  readonly resource: string | undefined;
  readonly loginHint: string | undefined;
}

/** Known parameters. Each may be sent once (RFC 6749 §3.1). */
const known = [
  ...["response_type", "response_mode", "state", "scope", "code_challenge", "code_challenge_method"],
  ...["prompt", "login_hint"],
] as const;

/** The longest state, in characters. The URL of an answer with a longer one would not fit everywhere. */
const maxState = 2_048;

/** The longest name for the user name field, in characters. */
const maxLoginHint = 256;

/** Reads the parameters. @throws {LatchkeyError} the error for the client */
export function readParameters(query: URLSearchParams): AuthorizationParameters {
  const twice = known.find((name) => query.getAll(name).length > 1);
  if (twice !== undefined) throw invalid(`send ${twice} once`);
  if ((query.get("state") ?? "").length > maxState) {
    throw invalid(`state is longer than ${maxState.toLocaleString("en")} characters`);
  }
  assertResponse(query);
  if (given(query, "request") !== undefined || given(query, "request_uri") !== undefined)
    throw invalid("send no request or request_uri");
  const challenge = challengeOf(query);
  if (given(query, "prompt")?.split(" ").includes("none")) throw new LatchkeyError("interaction_required");
  return {
    state: stateIn(query),
    challenge,
    scope: given(query, "scope"),
    resource: resourceOf(query),
    loginHint: loginHintOf(query),
  };
}

/** The state to send back. Several, or one that is too long, count as none. */
export function stateIn(query: URLSearchParams): string | undefined {
  const [state, ...others] = query.getAll("state");
  return others.length > 0 || state === undefined || state.length > maxState ? undefined : state;
}

function assertResponse(query: URLSearchParams): void {
  const type = given(query, "response_type");
  if (type === undefined) throw invalid("response_type is missing");
  if (type !== "code") throw new LatchkeyError("unsupported_response_type");
  if ((given(query, "response_mode") ?? "query") !== "query") throw invalid("response_mode has to be query");
}

/** Without a method the challenge would be the verifier itself (RFC 7636 §4.3), readable in the browser's history. */
function challengeOf(query: URLSearchParams): string {
  if (given(query, "code_challenge_method") !== "S256") throw invalid("code_challenge_method has to be S256");
  const challenge = given(query, "code_challenge");
  if (challenge === undefined || !isChallenge(challenge)) {
    throw invalid("code_challenge has to be SHA-256 in base64url");
  }
  return challenge;
}

/** The one audience of the token. */
function resourceOf(query: URLSearchParams): string | undefined {
  if (query.getAll("resource").length > 1)
    throw new LatchkeyError("invalid_target", { fault: "send one resource" });
  return given(query, "resource");
}

/** A hint that could be a name. Others are ignored: the person types the name. */
function loginHintOf(query: URLSearchParams): string | undefined {
  const hint = given(query, "login_hint");
  return hint === undefined || hint.length > maxLoginHint || /\p{C}/u.test(hint) ? undefined : hint;
}

/** A parameter without a value counts as absent (RFC 6749 §3.1). */
function given(query: URLSearchParams, name: string): string | undefined {
  return query.get(name) || undefined;
}

function invalid(fault: string): LatchkeyError {
  return new LatchkeyError("invalid_request", { fault });
}

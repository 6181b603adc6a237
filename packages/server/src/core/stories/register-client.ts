import type { Caller } from "../audit-events.ts";
import { type Issue, LatchkeyError } from "../errors.ts";
import { shownName } from "../oauth/client-name.ts";
import { isAcceptable, kindOf } from "../oauth/redirect-uris.ts";
import {
  maxRedirectUris,
  type RegisteredMethod,
  registeredMethods,
  type SealedClients,
} from "../oauth/sealed-clients.ts";
import type { RequestLimit } from "../throttle/request-limit.ts";

/** The answer to a registration (RFC 7591 §3.2.1). Absent members are left out: some clients refuse a `null`. */
export interface Registration {
  readonly client_id: string;
  readonly client_secret?: string;
  /** Zero: the secret never expires. */
  readonly client_secret_expires_at?: 0;
  readonly client_name: string;
  /** As they were sent. */
  readonly redirect_uris: readonly string[];
  readonly token_endpoint_auth_method: RegisteredMethod;
  readonly grant_types: readonly string[];
  readonly response_types: readonly string[];
}

/**
 * Registers a client. The answer is the same for the same description, and nothing is stored.
 *
 * @param metadata the body of the request
 * @throws {LatchkeyError} `invalid_redirect_uri`, `invalid_client_metadata`, `rate_limited`
 */
export type RegisterClient = (metadata: unknown, caller: Caller) => Promise<Registration>;

/** The parts of the story. */
export interface RegistrationParts {
  readonly sealed: Pick<SealedClients, "seal">;
  /** Registrations of one network. */
  readonly limit: RequestLimit;
}

/**
 * Creates the story of dynamic client registration (RFC 7591). Members that are not known here are left out, and
 * methods, grant types and response types that are not known are replaced. So only a missing or a dangerous redirect
 * URI is refused, and a description that is too long for its id.
 */
export function createRegisterClient({ sealed, limit }: RegistrationParts): RegisterClient {
  return async function registerClient(metadata, caller) {
    await limit.count(caller);
    if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) {
      throw new LatchkeyError("invalid_client_metadata", { reason: "no JSON object" });
    }
    const sent: ReadonlyMap<string, unknown> = new Map(Object.entries(metadata));
    const redirectUris = redirectUrisOf(sent.get("redirect_uris"));
    const name = shownName(sent.get("client_name")) ?? nameOf(redirectUris);
    const method = methodOf(sent.get("token_endpoint_auth_method"));
    const client = sealed.seal({ method, name, redirectUris });
    if (client === undefined) throw tooLong();
    return {
      client_id: client.id,
      ...(client.secret !== undefined && { client_secret: client.secret, client_secret_expires_at: 0 }),
      client_name: name,
      redirect_uris: redirectUris,
      token_endpoint_auth_method: method,
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
    };
  };
}

/** @throws {LatchkeyError} `invalid_redirect_uri` with the position of each wrong one */
function redirectUrisOf(given: unknown): readonly [string, ...string[]] {
  const sent: readonly unknown[] = Array.isArray(given) ? given : [];
  if (sent.length === 0 || sent.length > maxRedirectUris) {
    throw invalidUris([issueAt([], `send 1 to ${maxRedirectUris} redirect URIs as an array`)]);
  }
  const good = sent.filter((uri) => typeof uri === "string").filter(isAcceptable);
  const [first, ...others] = good;
  if (first !== undefined && good.length === sent.length) return [first, ...others];
  const wrong = sent.flatMap((uri, index) =>
    typeof uri === "string" && isAcceptable(uri) ? [] : [issueAt([index], advice)],
  );
  throw invalidUris(wrong);
}

const advice =
  "send https://…, http://localhost:…, http://127.0.0.1:…, http://[::1]:… or the scheme of your application, " +
  "of at most 512 characters, without user, fragment, backslash and spaces";

function issueAt(path: readonly number[], msg: string): Issue {
  return { loc: ["body", "redirect_uris", ...path], msg, type: "value_error" };
}

function invalidUris(issues: readonly Issue[]): LatchkeyError {
  return new LatchkeyError("invalid_redirect_uri", { reason: "redirect URIs refused", issues });
}

function tooLong(): LatchkeyError {
  const msg = "the redirect URIs and the name together are too long: send fewer or shorter ones";
  const issues = [{ loc: ["body", "redirect_uris"], msg, type: "too_long" }];
  return new LatchkeyError("invalid_client_metadata", { reason: "too long for an id", issues });
}

/** The name of a client that sent none: the host or the scheme of its first redirect URI. */
function nameOf([first]: readonly [string, ...string[]]): string {
  const { protocol, host } = new URL(first);
  return kindOf(first) === "scheme" ? protocol.slice(0, -1) : host.replace(/:\d+$/, "");
}

/** The method to use. The default of RFC 7591 is a secret. One that is not known here is replaced by PKCE alone. */
function methodOf(sent: unknown): RegisteredMethod {
  if (sent === undefined || sent === null || sent === "") return "client_secret_basic";
  return registeredMethods.find((known) => known === sent) ?? "none";
}

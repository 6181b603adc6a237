import { isObject, own } from "@latchkey/guard/own-members";
import type { Caller } from "../audit-events.ts";
import { LatchkeyError } from "../errors.ts";
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
    if (!isObject(metadata)) {
      throw invalid("send a JSON object");
    }
    const redirectUris = redirectUrisOf(own(metadata, "redirect_uris"));
    const name = shownName(own(metadata, "client_name")) ?? nameOf(redirectUris);
    const method = methodOf(own(metadata, "token_endpoint_auth_method"));
    const client = sealed.seal({ method, name, redirectUris });
    if (client === undefined) throw invalid("its redirect URIs and its name are too long together");
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

/** @throws {LatchkeyError} `invalid_redirect_uri` with the position of the first wrong one */
function redirectUrisOf(given: unknown): readonly [string, ...string[]] {
  const sent: readonly unknown[] = Array.isArray(given) ? given : [];
  const good = sent.filter((uri) => typeof uri === "string").filter(isAcceptable);
  const [first, ...others] = good;
  if (sent.length > maxRedirectUris || sent.length === 0) {
    throw invalidUris(`send redirect_uris with 1 to ${maxRedirectUris} addresses`);
  }
  const wrong = sent.findIndex((uri) => typeof uri !== "string" || !isAcceptable(uri));
  if (first === undefined || wrong !== -1) throw invalidUris(`redirect_uris[${wrong}] has to be ${allowed}`);
  return [first, ...others];
}

const allowed =
  "https, http on localhost, 127.0.0.1 or [::1], or a scheme of the application; of at most 512 characters, " +
  "without user, fragment, backslash and blank";

function invalidUris(fault: string): LatchkeyError {
  return new LatchkeyError("invalid_redirect_uri", { fault });
}

function invalid(fault: string): LatchkeyError {
  return new LatchkeyError("invalid_client_metadata", { fault });
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

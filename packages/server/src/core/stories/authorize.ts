import { createHash, randomBytes } from "node:crypto";
import { type Caller, eventOf } from "../audit-events.ts";
import { LatchkeyError } from "../errors.ts";
import type { ArrivalOf } from "../mail/arrivals.ts";
import type { AuthorizationRequest } from "../oauth/authorization-request.ts";
import type { Authorizations, ClosedClient, NewAuthorization } from "../oauth/authorizations.ts";
import { unknownClient } from "../oauth/clients.ts";
import { addressBucket } from "../throttle/addresses.ts";
import { claimsRefusal } from "../tokens/token-size.ts";
import type { SessionClient } from "./sessions.ts";
import { type AuthenticateParts, type Credentials, createAuthenticate } from "./sign-in.ts";

/** How long a code can be redeemed, in milliseconds. */
export const codeLifetime = 60_000;

/** The hash of a code in the store. A search by it takes no time that depends on the code. */
export function codeHashOf(code: string): string {
  return createHash("sha256").update(code).digest("base64url");
}

/** A new code of 256 random bits, with its row. The store holds its hash alone. */
function newCode(
  request: AuthorizationRequest,
  userId: string,
  revision: number,
  caller: Caller,
  now: number,
) {
  const code = `lka_${randomBytes(32).toString("base64url")}`;
  const authorization: NewAuthorization = {
    codeHash: codeHashOf(code),
    userId,
    revision,
    client: sessionClientOf(request),
    redirectUri: request.redirectUri,
    challenge: request.challenge,
    addressBucket: addressBucket(caller.address),
    createdAt: now,
    expiresAt: now + codeLifetime,
  };
  return { code, authorization };
}

function sessionClientOf({ client: { id, name }, resource, scope }: AuthorizationRequest): SessionClient {
  return { id, name, scope, resource: resource.url };
}

export interface AuthorizeParts extends AuthenticateParts {
  /** Undefined if no mails are sent. */
  readonly arrivalOf?: ArrivalOf | undefined;
  readonly authorizations: Authorizations;
}

/** @returns the code for the client */
export type Authorize = (
  credentials: Credentials,
  request: AuthorizationRequest,
  caller: Caller,
) => Promise<string>;

/**
 * A person signs in on the page and allows a client what it asks for. The password is checked as at a login, and the
 * same limits apply. The client trades the code for a session.
 *
 * The function it returns throws {LatchkeyError} `invalid_credentials`, `token_too_large`, `rate_limited`,
 * `overloaded`, `client_gone`; `unknown_client` if the client was blocked meanwhile.
 */
export function createAuthorize(parts: AuthorizeParts): Authorize {
  const authenticate = createAuthenticate(parts);
  const { authorizations, clock } = parts;

  return async function authorize(credentials, request, caller) {
    await using person = await authenticate(credentials, caller, request.client.id);
    const tooLarge = claimsRefusal(person.user, sessionClientOf(request));
    if (tooLarge) throw tooLarge;
    const now = clock();
    const { code, authorization } = newCode(request, person.user.id, person.revision, caller, now);
    const { client, resource } = request;
    const about = { subject: person.user.id, client: client.id, resource: resource.url };
    const granted = eventOf("authorization.granted", now, caller, about);
    const arrival = await parts.arrivalOf?.(person.user, caller);
    if (await authorizations.add(authorization, granted, arrival)) return code;
    throw closedRefusal(await authorizations.closed(request.client.id)) ?? (await person.changedMeanwhile());
  };
}

/** The refusal of a client without codes. The person has signed in, so it counts as no failed login. */
export function closedRefusal(closed: ClosedClient | undefined): LatchkeyError | undefined {
  if (closed === undefined) return undefined;
  if (closed === "blocked") return unknownClient("blocked meanwhile");
  return new LatchkeyError("overloaded", { reason: "earlier sessions of the client are still being ended" });
}

export type Deny = (request: AuthorizationRequest, caller: Caller) => Promise<void>;

/**
 * A person denies a client what it asks for. Anybody can send this form, so denials count for the address as failed
 * logins do. Past the limit they leave no event.
 */
export function createDeny({ throttle, audit, clock }: Omit<AuthenticateParts, "accounts">): Deny {
  return async function deny({ client, resource }, caller) {
    const denied = new LatchkeyError("access_denied");
    const about = { client: client.id, resource: resource.url };
    const event = eventOf("authorization.denied", clock(), caller, about);
    try {
      await using admission = await throttle.admit({ operation: "login", caller, client: client.id });
      if ((await admission.failed(denied)) === denied) await audit.record(event);
    } catch (error) {
      if (!(error instanceof LatchkeyError && error.code === "rate_limited")) throw error;
    }
  };
}

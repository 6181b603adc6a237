import { createHash, randomBytes } from "node:crypto";
import { type Caller, eventOf } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import { LatchkeyError } from "../errors.ts";
import type { AuthorizationRequest } from "../oauth/authorization-request.ts";
import type { Authorizations } from "../oauth/authorizations.ts";
import { addressBucket } from "../throttle/addresses.ts";
import { claimsRefusal } from "../tokens/token-size.ts";
import type { SessionClient } from "./sessions.ts";
import { type AuthenticateParts, type Credentials, createAuthenticate } from "./sign-in.ts";
import type { User } from "./users.ts";

/** How long a code can be redeemed, in milliseconds. */
export const codeLifetime = 60_000;

export interface CodeParts {
  readonly authorizations: Authorizations;
  readonly clock: Clock;
}

/** Makes a code for what a person allowed. @returns undefined if the user or the client was changed meanwhile */
export type MakeCode = (
  user: Pick<User, "id">,
  revision: number,
  request: AuthorizationRequest,
  caller: Caller,
) => Promise<string | undefined>;

/** The hash of a code in the store. A search by it takes no time that depends on the code. */
export function codeHashOf(code: string): string {
  return createHash("sha256").update(code).digest("base64url");
}

/** Makes codes of 256 random bits. The store holds their hashes alone. */
export function createMakeCode({ authorizations, clock }: CodeParts): MakeCode {
  return async function makeCode(user, revision, request, caller) {
    const code = `lka_${randomBytes(32).toString("base64url")}`;
    const now = clock();
    const authorization = {
      codeHash: codeHashOf(code),
      userId: user.id,
      revision,
      client: sessionClientOf(request),
      redirectUri: request.redirectUri,
      challenge: request.challenge,
      addressBucket: addressBucket(caller.address),
      createdAt: now,
      expiresAt: now + codeLifetime,
    };
    const about = { subject: user.id, client: request.client.id };
    const granted = eventOf("authorization.granted", now, caller, about);
    return (await authorizations.add(authorization, granted)) ? code : undefined;
  };
}

function sessionClientOf({ client: { id, name }, resource, scope }: AuthorizationRequest): SessionClient {
  return { id, name, scope, resource: resource.url };
}

export interface AuthorizeParts extends AuthenticateParts, CodeParts {}

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
 * `overloaded`, `client_gone`.
 */
export function createAuthorize(parts: AuthorizeParts): Authorize {
  const authenticate = createAuthenticate(parts);
  const makeCode = createMakeCode(parts);

  return async function authorize(credentials, request, caller) {
    await using person = await authenticate(credentials, caller, request.client.id);
    const tooLarge = claimsRefusal(person.user, sessionClientOf(request));
    if (tooLarge) throw tooLarge;
    const code = await makeCode(person.user, person.revision, request, caller);
    if (code === undefined) throw await person.changedMeanwhile();
    return code;
  };
}

export type Deny = (request: AuthorizationRequest, caller: Caller) => Promise<void>;

/**
 * A person denies a client what it asks for. Anybody can send this form, so denials count for the address as failed
 * logins do. Past the limit they leave no event.
 */
export function createDeny({ throttle, audit, clock }: Omit<AuthenticateParts, "accounts">): Deny {
  return async function deny({ client }, caller) {
    const denied = new LatchkeyError("access_denied");
    const event = eventOf("authorization.denied", clock(), caller, { client: client.id });
    try {
      await using admission = await throttle.admit({ operation: "login", caller });
      if ((await admission.failed(denied)) === denied) await audit.record(event);
    } catch (error) {
      if (!(error instanceof LatchkeyError && error.code === "rate_limited")) throw error;
    }
  };
}

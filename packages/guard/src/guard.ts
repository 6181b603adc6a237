import { createRouteGuards, type RouteGuards } from "./adapters/route-guards.ts";
import { type GuardOptions, type GuardSettings, readOptions } from "./guard-options.ts";
import { consoleWarnings } from "./issuer/console-warnings.ts";
import { emitterOf } from "./issuer/guard-events.ts";
import { createSources, type Sources } from "./issuer/guard-sources.ts";
import type { GuardHealth } from "./issuer/health.ts";
import { ownMembers } from "./support/own-members.ts";
import { TokenVerifier, type Verifier } from "./verifier.ts";

export interface Guard extends Verifier, RouteGuards, AsyncDisposable {
  /** Whose tokens are accepted: as configured, or, once its metadata was read, as the issuer names itself. */
  readonly issuer: string;
  /**
   * The issuer, if OAuth clients can get a token there: if its metadata names an authorization endpoint and a token
   * endpoint (RFC 8414 §2). The metadata is read once. A failure is the answer for the next 5 seconds. A guard with
   * keys of its own reads none, and takes it for granted.
   *
   * @throws {Error} if the metadata cannot be read
   */
  authorizationServer(): Promise<string | undefined>;
  /**
   * Waits, for 5 seconds at most, until the issuer's keys are here and all ended sessions that it knows of.
   * Nobody has to: the first `verify` begins what is needed. It tells at start what would fail later.
   *
   * @throws {TokenError} `keys_unavailable` or, with `whenStale: "refuse"`, `revocations_unavailable`; the guard
   * goes on trying
   */
  ready(): Promise<void>;
  /** What the guard stands on now. Asking begins what is needed, as the first `verify` does. */
  health(): GuardHealth;
  /**
   * Ends all that goes on between guard and issuer, so that the process can end. From then on every token is
   * refused with `keys_unavailable`, and so is one that is being checked.
   */
  close(): void;
}

/**
 * Makes a guard. Signatures are checked once per token; expiry and revocation on every call. Nothing is asked
 * of the issuer before the first use. While the issuer's feed is followed, its open connection keeps the
 * process alive: `close` ends it.
 *
 * @throws {TypeError} where an option is wrong
 * @example
 * const guard = createGuard({ issuer: "http://127.0.0.1:8000" });
 * const { username, roles } = await guard.verify(token);
 */
export function createGuard(given: GuardOptions): Guard {
  const options = ownMembers(given);
  const settings = readOptions(options);
  const sources = createSources(settings, options, emitterOf(options.onEvent ?? consoleWarnings()));
  const verifier = new TokenVerifier(asDiscovered(settings, sources), sources);
  const verify: Guard["verify"] = (token) => verifier.verify(token);

  function close(): void {
    verifier.close();
    sources.close();
  }

  return {
    ...createRouteGuards({ verify }, options),
    get issuer() {
      return sources.issuer ?? settings.issuer;
    },
    authorizationServer: () => sources.authorizationServer(),
    verify,
    recall: (token) => verifier.recall(token),
    ready() {
      sources.begin();
      return sources.ready();
    },
    health() {
      sources.begin();
      return sources.health();
    },
    close,
    async [Symbol.asyncDispose]() {
      close();
    },
  };
}

/** The settings with the issuer's name from its metadata, which no token is checked before. */
function asDiscovered(settings: GuardSettings, sources: Pick<Sources, "issuer">): GuardSettings {
  return {
    ...settings,
    get issuer() {
      return sources.issuer ?? settings.issuer;
    },
    get audience() {
      return settings.issuerIsAudience ? [sources.issuer ?? settings.issuer] : settings.audience;
    },
  };
}

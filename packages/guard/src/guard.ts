import { createRouteGuards, type RouteGuards } from "./adapters/route-guards.ts";
import { audienceReports } from "./check/audience-reports.ts";
import { type GuardOptions, type GuardSettings, readOptions } from "./guard-options.ts";
import { consoleWarnings } from "./issuer/console-warnings.ts";
import { emitterOf } from "./issuer/guard-events.ts";
import { createSources } from "./issuer/guard-sources.ts";
import type { GuardHealth } from "./issuer/health.ts";
import { ownMembers } from "./support/own-members.ts";
import { TokenVerifier, type Verifier } from "./verifier.ts";

/** Checks access tokens, alone or in front of routes, with keys and ended sessions from the issuer. */
export interface Guard extends Verifier, RouteGuards, AsyncDisposable {
  /** The accepted issuer: as configured, and as its metadata names it once that was read. */
  readonly issuer: string;
  /**
   * The issuer, if OAuth clients can get a token there: its metadata names an authorization endpoint and a token
   * endpoint (RFC 8414 §2). The metadata is read once. A failure is repeated for 5 seconds without a request. A
   * guard with keys of its own reads no metadata and returns its issuer.
   *
   * @throws {Error} if the metadata cannot be read
   */
  authorizationServer(): Promise<string | undefined>;
  /**
   * Waits, for 5 seconds at most, until the guard has the issuer's keys and its list of ended sessions. This is
   * optional: the first `verify` starts both. Call it at start to see a failure early.
   *
   * @throws {TokenError} `keys_unavailable` or, with `whenStale: "refuse"`, `revocations_unavailable`; the guard
   * keeps trying
   */
  ready(): Promise<void>;
  /** The state of keys and ended sessions. The first call starts reading both, as the first `verify` does. */
  health(): GuardHealth;
  /**
   * Ends all requests and timers, so that the process can exit. From then on every token is refused with
   * `keys_unavailable`, also a token that is being checked.
   */
  close(): void;
}

/**
 * Makes a guard. It verifies a signature once per token, and checks expiry and revocation on every call. It
 * sends no request before the first use. While it follows the issuer's feed, the open connection keeps the
 * process alive: `close` ends it.
 *
 * @throws {TypeError} if an option is wrong
 * @example
 * const guard = createGuard({ issuer: "http://127.0.0.1:8000" });
 * const { username, roles } = await guard.verify(token);
 */
export function createGuard(given: GuardOptions): Guard {
  const options = ownMembers(given);
  const settings = readOptions(options);
  const emit = emitterOf(options.onEvent ?? consoleWarnings());
  const sources = createSources(settings, options, emit);
  const issuer = () => sources.issuer ?? settings.issuer;
  const verifier = new TokenVerifier(asDiscovered(settings, issuer), sources, audienceReports(emit));

  function close(): void {
    verifier.close();
    sources.close();
  }

  return {
    ...createRouteGuards(verifier, options),
    get issuer() {
      return issuer();
    },
    authorizationServer: () => sources.authorizationServer(),
    verify: (token) => verifier.verify(token),
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
    [Symbol.asyncDispose]: async () => close(),
  };
}

/** The settings with the issuer's name from its metadata, which is read before any token is checked. */
function asDiscovered(settings: GuardSettings, issuer: () => string): GuardSettings {
  return {
    ...settings,
    get issuer() {
      return issuer();
    },
    get audience() {
      return settings.issuerIsAudience ? [issuer()] : settings.audience;
    },
  };
}

import { createRouteGuards, type RouteGuards } from "./adapters/route-guards.ts";
import { listenerOf } from "./guard-events.ts";
import { type GuardOptions, readOptions } from "./guard-options.ts";
import { createSources } from "./guard-sources.ts";
import type { GuardHealth } from "./health.ts";
import type { Principal } from "./principal.ts";
import { createSignatureCheck } from "./signature-check.ts";
import { TokenError } from "./token-error.ts";
import { VerifiedTokens } from "./verified-tokens.ts";

export interface Guard extends RouteGuards, AsyncDisposable {
  /** Whose tokens are accepted, as configured. */
  readonly issuer: string;
  /**
   * Checks an access token (RFC 9068 §4): signature by one of the issuer's keys, `typ`, issuer, audience,
   * expiry, and that its session has not ended.
   *
   * @throws {TokenError} with the code that says why the token was refused
   */
  verify(token: string | null | undefined): Promise<Principal>;
  /**
   * The same for a token that was verified before, at once.
   *
   * @returns undefined where it must be verified, because it was not or is not remembered
   * @throws {TokenError} where it has expired, its session has ended, or ended sessions are not known
   */
  recall(token: string): Principal | undefined;
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
export function createGuard(options: GuardOptions): Guard {
  const settings = readOptions(options);
  const { clockTolerance, now } = settings;
  const sources = createSources(settings, options, listenerOf(options.onEvent));
  const { keys, revocations } = sources;
  const verified = new VerifiedTokens(settings.cacheSize);
  const checkSignature = createSignatureCheck(settings, keys);
  let closed = false;

  function isEnded({ expiresAt, sessionId }: Principal): boolean | Promise<boolean> {
    if (expiresAt + clockTolerance <= now()) throw new TokenError("token_expired");
    return revocations.isRevoked(sessionId);
  }

  /** What is remembered of a token, unless the key that signed it was withdrawn since. */
  function remembered(token: unknown): Principal | undefined {
    // Without types it may be anything, and only a text is the same each time it is looked at.
    if (typeof token !== "string") return undefined;
    const known = verified.get(token);
    if (known === undefined || keys.get(known.kid, known.algorithm) !== known.key) return undefined;
    return known.principal;
  }

  function assertOpen(): void {
    if (closed) throw new TokenError("keys_unavailable", "the guard is closed");
  }

  function close(): void {
    closed = true;
    verified.clear();
    sources.close();
  }

  async function verify(token: string | null | undefined): Promise<Principal> {
    assertOpen();
    if (token === undefined || token === null) throw new TokenError("missing_token");
    let principal = remembered(token);
    if (principal === undefined) {
      sources.begin();
      const seen = await checkSignature(token);
      principal = seen.principal;
      assertOpen();
      verified.add(token, seen);
    }
    const ended = isEnded(principal);
    if (ended === true || (ended !== false && (await ended))) throw new TokenError("token_revoked");
    assertOpen();
    return principal;
  }

  return {
    ...createRouteGuards({ verify }, options),
    issuer: settings.issuer,
    verify,
    recall(token) {
      const principal = remembered(token);
      if (principal === undefined) return undefined;
      const ended = isEnded(principal);
      if (ended === true) throw new TokenError("token_revoked");
      if (ended === false) return principal;
      // Nobody waits for the answer, and one that fails must not end the process.
      ended.catch(() => {});
      return undefined;
    },
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

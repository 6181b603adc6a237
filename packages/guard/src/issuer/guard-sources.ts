import { FollowedRevocations } from "../feed/followed-revocations.ts";
import type { GuardOptions, GuardSettings } from "../guard-options.ts";
import type { Clocks } from "../support/clocks.ts";
import { CloseSignal } from "../support/close-signal.ts";
import { settlesWithin } from "../support/timers.ts";
import { TokenError } from "../token-error.ts";
import { Discovery } from "./discovery.ts";
import type { Emit } from "./guard-events.ts";
import type { GuardHealth, KeysHealth, RevocationsHealth } from "./health.ts";
import type { Requests } from "./issuer-request.ts";
import { RemoteKeys } from "./remote-keys.ts";

/** Timeout of `ready`, and of the first check's wait for the feed, in milliseconds. */
const startTimeout = 5_000;

/**
 * Keys and ended sessions: each passed in by the program, or read from the issuer. Sends no request before
 * `begin`.
 */
export function createSources(
  settings: GuardSettings,
  given: Pick<GuardOptions, "keys" | "revocations" | "fetch">,
  emit: Emit,
) {
  const closing = new CloseSignal();
  // The global is read at each call, because a platform may replace it later.
  const requests: Requests = { fetch: given.fetch ?? ((...of) => fetch(...of)), closed: closing };
  const clocks: Clocks = { now: settings.now, steady: () => performance.now() };
  const discovery = new Discovery(requests, settings.issuer, clocks, settings.discoverAt, emit);
  const { algorithms, keysMaxAge } = settings;
  const parts = { discovery, requests, clocks, emit };
  // Both are made, but begun only if the program passed in no source of its own.
  const remoteKeys = new RemoteKeys({ ...parts, algorithms, keysMaxAge });
  const followed = new FollowedRevocations({ ...parts, settings, startTimeout });

  function health(): GuardHealth {
    const keys = given.keys ? givenKeys : remoteKeys.health();
    const revocations = given.revocations ? givenRevocations : followed.health();
    const ok = !closing.isClosed && keys.state !== "none" && !lack(revocations);
    return { ok, keys, revocations };
  }

  /** Whether tokens are refused because the list of ended sessions is out of date. */
  function lack({ state, staleFor }: RevocationsHealth): boolean {
    if (settings.whenStale !== "refuse") return false;
    return state === "lost" || (state === "behind" && staleFor === undefined);
  }

  return {
    /** The issuer's name in its metadata, once that was read; undefined if keys were passed in. */
    get issuer() {
      return given.keys ? undefined : discovery.known?.issuer;
    },
    /** @throws {IssuerError} if the issuer's metadata cannot be read */
    async authorizationServer(): Promise<string | undefined> {
      if (given.keys) return settings.issuer;
      const { issuer, isAuthorizationServer } = await discovery.once();
      return isAuthorizationServer ? issuer : undefined;
    },
    keys: given.keys ?? remoteKeys,
    revocations: given.revocations ?? followed,
    /** Starts reading keys and following the feed. Further calls do nothing. */
    begin(): void {
      if (!given.keys) remoteKeys.begin();
      if (!given.revocations) followed.begin();
    },
    /** @throws {TokenError} if keys or ended sessions do not arrive in time */
    async ready(): Promise<void> {
      await settlesWithin(
        Promise.all([given.keys ?? remoteKeys.first, given.revocations ?? followed.first]),
        startTimeout,
      );
      const { keys, revocations } = health();
      if (closing.isClosed) throw new TokenError("keys_unavailable", "the guard is closed");
      if (keys.state === "none") throw new TokenError("keys_unavailable", keys.problem);
      if (lack(revocations)) throw new TokenError("revocations_unavailable", revocations.problem);
    },
    health,
    /** Ends all requests and timers. */
    close: () => closing.close(),
  };
}

const givenKeys: KeysHealth = { state: "given", fetchedAt: undefined, known: 0, problem: undefined };
const givenRevocations: RevocationsHealth = {
  state: "given",
  cursor: 0,
  staleFor: undefined,
  known: 0,
  problem: undefined,
};

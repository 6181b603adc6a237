import { SingleFlight } from "@latchkey/guard/single-flight";
import type * as oidc from "openid-client";
import { CircuitBreaker } from "../../core/throttle/circuit-breaker.ts";
import { boundedFetch, type FetchOptions } from "./bounded-fetch.ts";
import { type DiscoveredRealm, discoverRealm, type RealmSettings } from "./discovery.ts";
import { RealmMisconfigured, RealmUnavailable, toLatchkeyError } from "./realm-errors.ts";
import { describeFailure } from "./refusals.ts";

/** The part of the server's log that a realm writes to. */
export interface RealmLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * Requests to a realm, behind a circuit breaker. The realm is discovered before the first request, and again after
 * the realm rejected Latchkey's client. A problem is logged once, until a request succeeds or another problem comes.
 */
export class RealmConnection {
  readonly issuer: string;
  readonly #settings: RealmSettings;
  readonly #log: RealmLog;
  readonly #breaker: CircuitBreaker;
  readonly #discovery: SingleFlight<DiscoveredRealm>;
  #realm: DiscoveredRealm | undefined;
  #reported: string | undefined;

  constructor(settings: RealmSettings, log: RealmLog) {
    this.issuer = `${settings.url}/realms/${encodeURIComponent(settings.realm)}`;
    this.#settings = settings;
    this.#log = log;
    const isFailure = (error: unknown) =>
      error instanceof RealmUnavailable || error instanceof RealmMisconfigured;
    const steady = () => performance.now();
    this.#breaker = new CircuitBreaker({ steady, isFailure });
    this.#discovery = new SingleFlight({ now: Date.now, steady });
  }

  /**
   * Discovers the realm and checks that the client may sign users in. After a failure the next request tries again.
   *
   * @returns false if the realm was unavailable
   * @throws {RealmMisconfigured} with one line that says what to change
   */
  async open(): Promise<boolean> {
    try {
      await this.#breaker.run(() => this.#discovered());
      return true;
    } catch (error) {
      if (!(error instanceof RealmUnavailable)) throw error;
      this.#report(error.message);
      return false;
    }
  }

  /** @throws {LatchkeyError} `provider_unavailable` if the realm cannot be asked, besides the errors of `request` */
  async run<T>(request: (client: oidc.Configuration) => Promise<T>): Promise<T> {
    try {
      const result = await this.#breaker.run(async () => request(await this.#discovered()));
      this.#reported = undefined;
      return result;
    } catch (error) {
      if (error instanceof RealmMisconfigured) this.#realm = undefined;
      if (error instanceof RealmMisconfigured || error instanceof RealmUnavailable)
        this.#report(error.message);
      throw toLatchkeyError(error);
    }
  }

  /** Whether the realm is known to take no passwords from Latchkey's client. */
  get refusesPasswords(): boolean {
    return this.#realm?.takesPasswords === false;
  }

  /**
   * A request that openid-client has no function for. Call it inside `run`.
   *
   * @param timeout milliseconds, if it is to be shorter than the timeout of the settings
   * @throws {RealmUnavailable}
   */
  async fetch(url: string, options: FetchOptions, timeout = this.#settings.timeout): Promise<Response> {
    try {
      return await boundedFetch(Math.min(timeout, this.#settings.timeout))(url, options);
    } catch (error) {
      throw new RealmUnavailable(describeFailure(error));
    }
  }

  async #discovered(): Promise<oidc.Configuration> {
    this.#realm ??= await this.#discovery.join(() => discoverRealm(this.#settings, this.issuer));
    return this.#realm.client;
  }

  #report(problem: string): void {
    if (this.#reported === problem) return;
    this.#reported = problem;
    this.#log.error(
      { realm: this.issuer, problem },
      "the realm cannot be used; the next request tries again",
    );
  }
}

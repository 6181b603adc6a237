import * as oidc from "openid-client";
import { boundedFetch } from "./bounded-fetch.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import { Bulkhead } from "./concurrency-limits.ts";
import { openRealm } from "./open-realm.ts";
import { RealmMisconfigured, RealmUnavailable, toLatchkeyError } from "./realm-errors.ts";
import { describeFailure, type RealmNames, type RealmRefusal, readRefusal } from "./refusals.ts";

export interface RealmSettings extends RealmNames {
  readonly clientSecret: string;
  /** How long one answer may take, in milliseconds. */
  readonly timeout: number;
}

export interface RealmLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What the realm gave for a password or a refresh token. */
export interface RealmGrant {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly idToken: string | undefined;
  /** For how long the refresh token can be used, in milliseconds; undefined where the realm sets no end. */
  readonly refreshableFor: number | undefined;
}

/** Limit of concurrent logins at the realm. Refreshes have a bulkhead of the same size of their own. */
const maxConcurrent = 64;
/** For how long the realm's word that it is there counts, and how long it has to say so, in milliseconds. */
const readyFor = 1_000;
const readyPatience = 2_000;
/** What an access token may be used for: what one of Latchkey's own may. */
const scope = "openid profile email";

/**
 * A Keycloak realm and the client there that is Latchkey. Every answer has a bound in time and size; a realm that
 * does not answer is left alone for a while.
 *
 * All but `open` throw {LatchkeyError} `provider_unavailable` where the realm cannot be asked.
 */
export class Realm {
  readonly issuer: string;
  /** How long one answer may take, in milliseconds. */
  readonly timeout: number;
  readonly #settings: RealmSettings;
  readonly #log: RealmLog;
  readonly #breaker: CircuitBreaker;
  readonly #logins = new Bulkhead(maxConcurrent);
  readonly #refreshes = new Bulkhead(maxConcurrent);
  #client: oidc.Configuration | undefined;
  #opening: Promise<oidc.Configuration> | undefined;
  #readyAt = Number.NEGATIVE_INFINITY;
  #told: string | undefined;

  constructor(settings: RealmSettings, log: RealmLog, steady: () => number = () => performance.now()) {
    this.issuer = `${settings.url}/realms/${encodeURIComponent(settings.realm)}`;
    this.timeout = settings.timeout;
    this.#settings = settings;
    this.#log = log;
    const isFailure = (error: unknown) =>
      error instanceof RealmUnavailable || error instanceof RealmMisconfigured;
    this.#breaker = new CircuitBreaker({ steady, isFailure });
  }

  /**
   * Finds the realm and proves that the client may do what it must. What cannot be reached now is tried again at
   * the next use.
   *
   * @returns whether it was reached
   * @throws {RealmMisconfigured} with the one line that says what to do
   */
  async open(): Promise<boolean> {
    try {
      await this.#breaker.run(() => this.#opened());
      return true;
    } catch (error) {
      if (!(error instanceof RealmUnavailable)) throw error;
      this.#tell(error.message);
      return false;
    }
  }

  /** Trades a user name or e-mail address and a password for tokens (RFC 6749 §4.3). */
  async signIn(username: string, password: string): Promise<RealmGrant | RealmRefusal> {
    using _place = this.#logins.enter();
    const parameters = { username, password, scope };
    return await this.#ask((client) =>
      this.#granted(oidc.genericGrantRequest(client, "password", parameters)),
    );
  }

  /** Trades a refresh token for new tokens (RFC 6749 §6). */
  async refresh(refreshToken: string): Promise<RealmGrant | RealmRefusal> {
    using _place = this.#refreshes.enter();
    return await this.#ask((client) => this.#granted(oidc.refreshTokenGrant(client, refreshToken)));
  }

  /**
   * Ends a session at the realm (OpenID Connect RP-Initiated Logout 1.0 §2), in a body: an address is written into
   * logs.
   *
   * @param idToken of the session; it may have expired
   * @returns false where the realm cannot read it any more, because the key that signed it is gone
   */
  endSession(idToken: string): Promise<boolean> {
    return this.#ask(async (client) => {
      const { end_session_endpoint: address } = client.serverMetadata();
      if (address === undefined) throw new RealmUnavailable("the realm names no end_session_endpoint");
      const body = new URLSearchParams({ client_id: this.#settings.clientId, id_token_hint: idToken });
      const { status } = await this.#fetch(address, { method: "POST", body });
      if (status >= 500) throw new RealmUnavailable(`the realm answered ${status}`);
      return status < 400;
    });
  }

  /** Makes one access token worthless at the realm (RFC 7009): all that can be done about a session opened elsewhere. */
  async revoke(accessToken: string): Promise<void> {
    await this.#ask(async (client) => {
      try {
        await oidc.tokenRevocation(client, accessToken);
      } catch (error) {
        readRefusal(error, this.#settings);
      }
    });
  }

  /** Resolves where people can sign in now. */
  async assertReady(): Promise<void> {
    if (!this.#breaker.isOpen && performance.now() - this.#readyAt < readyFor) return;
    await this.#ask(async () => {
      const document = `${this.issuer}/.well-known/openid-configuration`;
      const { status } = await this.#fetch(document, {}, readyPatience);
      if (status !== 200) throw new RealmUnavailable(`the realm answered ${status}`);
      this.#readyAt = performance.now();
    });
  }

  async #ask<T>(work: (client: oidc.Configuration) => Promise<T>): Promise<T> {
    try {
      const answer = await this.#breaker.run(async () => work(await this.#opened()));
      this.#told = undefined;
      return answer;
    } catch (error) {
      if (error instanceof RealmMisconfigured) this.#client = undefined;
      if (error instanceof RealmMisconfigured || error instanceof RealmUnavailable) this.#tell(error.message);
      throw toLatchkeyError(error);
    }
  }

  async #opened(): Promise<oidc.Configuration> {
    if (this.#client !== undefined) return this.#client;
    this.#opening ??= openRealm(this.#settings, this.issuer).finally(() => {
      this.#opening = undefined;
    });
    this.#client = await this.#opening;
    return this.#client;
  }

  async #granted(request: ReturnType<typeof oidc.genericGrantRequest>): Promise<RealmGrant | RealmRefusal> {
    try {
      const { access_token: accessToken, refresh_token: refreshToken, id_token, ...more } = await request;
      if (refreshToken === undefined) {
        throw new RealmMisconfigured(
          `LATCHKEY_KEYCLOAK_CLIENT_ID: the client ${this.#settings.clientId} gives no refresh tokens: turn them on for this client in Keycloak`,
        );
      }
      const seconds = more["refresh_expires_in"];
      const refreshableFor = typeof seconds === "number" && seconds > 0 ? seconds * 1000 : undefined;
      return { accessToken, refreshToken, idToken: id_token, refreshableFor };
    } catch (error) {
      if (error instanceof RealmMisconfigured) throw error;
      return readRefusal(error, this.#settings);
    }
  }

  async #fetch(address: string, options: Parameters<ReturnType<typeof boundedFetch>>[1], patience?: number) {
    try {
      return await boundedFetch(Math.min(this.#settings.timeout, patience ?? Infinity))(address, options);
    } catch (error) {
      throw new RealmUnavailable(describeFailure(error));
    }
  }

  /** Tells the same thing once, until something else happens. */
  #tell(problem: string): void {
    if (this.#told === problem) return;
    this.#told = problem;
    this.#log.error({ realm: this.issuer, problem }, "the realm cannot be used now; it will be tried again");
  }
}

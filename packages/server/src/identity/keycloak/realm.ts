import * as oidc from "openid-client";
import { LatchkeyError } from "../../core/errors.ts";
import { Bulkhead } from "../../core/throttle/bulkhead.ts";
import { authorizationUrl, type CodeRequest, isForeignNonce, realmScope, redeemCode } from "./code-flow.ts";
import type { RealmSettings } from "./discovery.ts";
import { RealmConnection, type RealmLog } from "./realm-connection.ts";
import { RealmMisconfigured, RealmUnavailable } from "./realm-errors.ts";
import { type RealmClient, type RealmRefusal, readRefusal } from "./refusals.ts";

/** The tokens that the realm issued for a password or a refresh token. */
export interface RealmGrant {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly idToken: string | undefined;
  /** Lifetime of the refresh token, in milliseconds; undefined if the realm sets no bound. */
  readonly refreshableFor: number | undefined;
}

/** Limit of concurrent logins at the realm. Refreshes have a bulkhead of the same size of their own. */
const maxConcurrent = 64;
/** The reason of a refusal beyond that, for the log. */
const tooMany = "too many concurrent requests to the realm";
/** A check of readiness fails after so many milliseconds, also if `LATCHKEY_KEYCLOAK_TIMEOUT` is longer. */
const readyTimeout = 2_000;

/**
 * The operations of a Keycloak realm that Latchkey uses, through its client there. Every answer is bounded in time
 * and size. After repeated failures a circuit breaker rejects requests for up to ten seconds.
 *
 * All but `open` throw {LatchkeyError} `provider_unavailable` if the realm cannot be asked.
 */
export class Realm {
  /** The longest wait for one answer, in milliseconds. */
  readonly timeout: number;
  readonly #settings: RealmSettings;
  readonly #connection: RealmConnection;
  readonly #logins = new Bulkhead(maxConcurrent, tooMany);
  readonly #refreshes = new Bulkhead(maxConcurrent, tooMany);

  constructor(settings: RealmSettings, log: RealmLog) {
    this.timeout = settings.timeout;
    this.#settings = settings;
    this.#connection = new RealmConnection(settings, log);
  }

  get issuer(): string {
    return this.#connection.issuer;
  }

  /** See `RealmConnection.open`. */
  open(): Promise<boolean> {
    return this.#connection.open();
  }

  /**
   * Trades a user name or e-mail address and a password for tokens (RFC 6749 §4.3).
   *
   * @throws {LatchkeyError} `password_login_off` if people sign in on the realm's own page alone
   */
  async signIn(username: string, password: string): Promise<RealmGrant | RealmRefusal> {
    if (this.#connection.refusesPasswords) throw new LatchkeyError("password_login_off");
    using _permit = this.#logins.acquire();
    const parameters = { username, password, scope: realmScope };
    return await this.#connection.run((client) =>
      grantOf(oidc.genericGrantRequest(client, "password", parameters), this.#settings),
    );
  }

  /** The address of the realm's own sign-in page. */
  authorizationUrl(request: CodeRequest): Promise<string> {
    return this.#connection.run((client) => authorizationUrl(client, request));
  }

  /** Trades a code of the realm's sign-in page for tokens (OpenID Connect Core 1.0 §3.1.3). */
  async redeem(code: string, request: CodeRequest): Promise<RealmGrant | RealmRefusal> {
    using _permit = this.#logins.acquire();
    return await this.#connection.run(async (client) => {
      const answer = redeemCode(client, code, this.issuer, request);
      return await grantOf(answer, this.#settings);
    });
  }

  /** Trades a refresh token for new tokens (RFC 6749 §6). */
  async refresh(refreshToken: string): Promise<RealmGrant | RealmRefusal> {
    using _permit = this.#refreshes.acquire();
    return await this.#connection.run((client) =>
      grantOf(oidc.refreshTokenGrant(client, refreshToken), this.#settings),
    );
  }

  /**
   * Ends a session at the realm (OpenID Connect RP-Initiated Logout 1.0 §2). The ID token travels in a body, because
   * URLs are written into logs.
   *
   * @param idToken of the session; it may have expired
   * @returns false if the realm rejects the ID token, because the key that signed it is gone
   */
  endSession(idToken: string): Promise<boolean> {
    return this.#connection.run(async (client) => {
      const { end_session_endpoint: address } = client.serverMetadata();
      if (address === undefined) throw new RealmUnavailable("the realm names no end_session_endpoint");
      const body = new URLSearchParams({ client_id: this.#settings.clientId, id_token_hint: idToken });
      const { status } = await this.#connection.fetch(address, { method: "POST", body });
      if (status >= 500) throw new RealmUnavailable(`the realm answered ${status}`);
      return status < 400;
    });
  }

  /** Revokes one access token (RFC 7009). More is not possible for a session without an ID token. */
  async revoke(accessToken: string): Promise<void> {
    await this.#connection.run(async (client) => {
      try {
        await oidc.tokenRevocation(client, accessToken);
      } catch (error) {
        readRefusal(error, this.#settings);
      }
    });
  }

  /** Resolves if users can sign in now. */
  async assertReady(): Promise<void> {
    await this.#connection.run(async () => {
      const document = `${this.issuer}/.well-known/openid-configuration`;
      const { status } = await this.#connection.fetch(document, {}, readyTimeout);
      if (status !== 200) throw new RealmUnavailable(`the realm answered ${status}`);
    });
  }
}

async function grantOf(
  request: Promise<oidc.TokenEndpointResponse>,
  client: RealmClient,
): Promise<RealmGrant | RealmRefusal> {
  let tokens: oidc.TokenEndpointResponse;
  try {
    tokens = await request;
  } catch (error) {
    if (isForeignNonce(error)) return { refused: "the ID token of another sign-in" };
    return readRefusal(error, client);
  }
  const { access_token: accessToken, refresh_token: refreshToken, id_token: idToken } = tokens;
  if (refreshToken === undefined) {
    throw new RealmMisconfigured(
      `LATCHKEY_KEYCLOAK_CLIENT_ID: the client ${client.clientId} of the realm ${client.realm} issues no refresh tokens: ` +
        "turn on its setting Use refresh tokens in Keycloak",
    );
  }
  const seconds = tokens["refresh_expires_in"];
  const refreshableFor = typeof seconds === "number" && seconds > 0 ? seconds * 1000 : undefined;
  return { accessToken, refreshToken, idToken, refreshableFor };
}

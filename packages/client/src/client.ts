/// <reference lib="esnext.disposable" preserve="true" />
import { abortable, CloseSignal } from "./abortable.ts";
import type { Answer } from "./answer.ts";
import type { StoreFailure } from "./buffered-store.ts";
import { type Call, callOf, readValue } from "./call.ts";
import { checkBaseURL, ownOptions } from "./check-options.ts";
import { SignedOutError } from "./errors.ts";
import { orUndefined } from "./fields.ts";
import {
  type CallOptions,
  type ClientOptions,
  clientDefaults,
  defaults,
  mergeSettings,
  type Settings,
} from "./options.ts";
import { finalStatuses, openSession, type Session, type SessionEnd } from "./session.ts";
import { memoryStore } from "./stores.ts";
import { type RefreshGrant, tokenSetOf } from "./tokens.ts";
import { type CallSettings, type Operation, send, withSafeError } from "./transport.ts";
import {
  type LoginResponse,
  type LogoutResponse,
  type RefreshTokenResponse,
  readLogin,
  readLogout,
  readTokens,
  readUser,
  type User,
} from "./wire.ts";

/** How long to wait for the refresh of another tab: one attempt and a margin, in milliseconds. */
const longestAttempt = 30_000;
const lockMargin = 5_000;

/**
 * A user name or an e-mail address, and a password.
 *
 * @example const credentials: Credentials = { username: "alice@example.com", password: "alice123" };
 */
export interface Credentials {
  /** User name or e-mail address. */
  readonly username: string;
  readonly password: string;
}

/**
 * A client of a Latchkey server, or of any server with the same routes. It keeps the session's token fresh.
 *
 * @example
 * await using auth = new AuthClient({ baseURL: "http://127.0.0.1:8000" });
 * await auth.login({ username: "alice", password: "alice123" });
 * const token = await auth.token();
 */
export class AuthClient {
  readonly #settings: Settings;
  #session: Session;
  #closing = new CloseSignal();

  /** @throws {TypeError} an unknown option, or an invalid `baseURL` */
  constructor(options: ClientOptions = {}) {
    this.#settings = mergeSettings(clientDefaults, ownOptions(options, clientDefaults));
    const { store = memoryStore() } = this.#settings;
    checkBaseURL(this.#settings.baseURL);
    const refresh = (grant: RefreshGrant) => readValue(this.#refresh(grant), readTokens);
    const lockTimeout = Math.min(this.#settings.timeout, longestAttempt) + lockMargin;
    this.#session = openSession(store, refresh, lockTimeout);
  }

  /**
   * Signs in and stores the session's tokens.
   *
   * @throws {UnauthorizedError} wrong user name, e-mail address or password
   * @throws {RateLimitError} too many attempts
   * @example const { username, roles } = await auth.login({ username: "alice", password: "alice123" });
   */
  login({ username, password }: Credentials, options?: CallOptions): Call<LoginResponse> {
    const sentAt = Date.now();
    const answer = this.#send("POST", "/login", options, { body: { username, password } });
    const signIn = async () => {
      const signedIn = await readValue(answer, readLogin);
      await this.#session.begin(tokenSetOf(signedIn, sentAt));
      return signedIn;
    };
    return callOf(answer, signIn());
  }

  /**
   * Exchanges a refresh token, or an unexpired access token, for new tokens. `token()` does so when needed.
   *
   * @throws {UnauthorizedError} the session is over
   * @example const { accessToken } = await auth.refresh({ refreshToken });
   */
  refresh(grant: RefreshGrant, options?: CallOptions): Call<RefreshTokenResponse> {
    const answer = this.#refresh(grant, options);
    const tokens = this.#session.refresh(grant, () => readValue(answer, readTokens));
    return callOf(answer, tokens);
  }

  /**
   * The signed-in user. An expiring token is refreshed first. A 401 is followed by one refresh and one retry.
   *
   * @throws {UnauthorizedError} no token, or an invalid one
   * @example const { id, roles } = await auth.me();
   */
  me(options?: CallOptions): Call<User> {
    const call = (bearer?: string) => this.#send("GET", "/me", options, { bearer });
    const answer = this.#asBearer(call, options);
    return callOf(answer, readValue(answer, readUser));
  }

  /**
   * Ends the session: here at once, and on the server for all its tokens.
   *
   * @throws {ConnectionError} no response from the server; the tokens are removed here nevertheless
   * @throws the error of a store that failed to remove the tokens, after the server has answered
   * @example await auth.logout();
   */
  logout(options?: CallOptions): Call<LogoutResponse> {
    const ended = this.#end(options);
    return callOf(
      ended.then(([answer]) => answer),
      ended.then(async ([answer, failure, over]) => {
        const left = over ? { message: "Already logged out" } : await readValue(answer, readLogout);
        if (failure) throw failure.error;
        return left;
      }),
    );
  }

  /**
   * A fresh access token. Concurrent callers share one refresh.
   *
   * @throws {SignedOutError} nobody is signed in, and no token was given
   * @throws {UnauthorizedError} the session is over
   * @example await mcp.callTool({ name: "search", arguments: { query, token: await auth.token() } });
   */
  async token(options?: { readonly signal?: AbortSignal | undefined }): Promise<string> {
    const token = await this.#bearer(this.#with(options));
    if (!token) throw new SignedOutError();
    return token;
  }

  /**
   * `fetch` with the session's token as bearer. A 401 is followed by one refresh and one retry.
   *
   * @throws {SignedOutError} nobody is signed in, and no token was given
   * @example const notes = await auth.fetch("https://api.example/notes");
   */
  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const { fetch } = this.#settings;
    const request = new Request(input, init);
    const { signal } = request;
    const again = request.clone();
    let refused: Response | undefined;
    return this.#asBearer(
      async (bearer) => {
        if (!bearer) throw new SignedOutError();
        await refused?.body?.cancel();
        const next = refused ? again : request;
        withSafeError(() => next.headers.set("authorization", `Bearer ${bearer}`));
        refused = await fetch(next);
        return refused;
      },
      { signal },
    );
  };

  /**
   * A client with other options and the same session. With another store or server it has its own session.
   *
   * @example const slow = auth.with({ timeout: 120_000 });
   */
  with(options: ClientOptions): AuthClient {
    const own = ownOptions(options, clientDefaults);
    const settings = mergeSettings(this.#settings, own);
    const { store, baseURL, basePath } = own;
    const other = new AuthClient({ ...settings, store });
    other.#closing = this.#closing;
    if (!(store || baseURL || basePath)) other.#session = this.#session;
    return other;
  }

  /**
   * Adds a listener for the end of the session. It is called once for each end that this client causes or finds.
   *
   * @returns a function that removes the listener
   * @example auth.onSessionEnd(({ reason }) => { if (reason !== "logout") showLogin(); });
   */
  onSessionEnd(listener: (end: SessionEnd) => void): () => void {
    this.#session.watch(this.#closing);
    return this.#session.ends.on(listener);
  }

  /**
   * Adds a listener for the start of a session by a login: here, or in another tab that shares the store.
   *
   * @returns a function that removes the listener
   * @example auth.onSessionStart(() => showApp());
   */
  onSessionStart(listener: () => void): () => void {
    this.#session.watch(this.#closing);
    return this.#session.starts.on(listener);
  }

  /**
   * Adds a listener for failed writes. The tokens stay in memory, and the write is retried.
   *
   * @returns a function that removes the listener
   * @example auth.onStoreError(({ action, error }) => console.error(`The store did not ${action} tokens`, error));
   */
  onStoreError(listener: (failure: StoreFailure) => void): () => void {
    return this.#session.storeErrors.on(listener);
  }

  /**
   * Aborts current and later calls of this client and of all clients related to it by `with`. Requests of
   * `fetch` go on, since each has its own signal. The session is not ended.
   *
   * @example auth.close();
   */
  close(): void {
    this.#closing.abort();
  }

  /**
   * Closes the client at the end of a block.
   *
   * @example await using auth = new AuthClient();
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** The settings of a call. */
  #with(options: CallOptions = {}): CallSettings {
    const own = ownOptions(options, defaults);
    const settings = mergeSettings(this.#settings, own);
    const signals = [this.#closing, settings.signal];
    return { ...settings, signals, given: own.token !== undefined };
  }

  /** Sends an operation. A throw, as for an unknown option, becomes a rejection. */
  async #send(
    method: "GET" | "POST",
    path: string,
    options?: CallOptions,
    more?: Omit<Operation, "method" | "path">,
  ): Promise<Answer> {
    return send({ method, path, ...more }, this.#with(options));
  }

  #refresh({ refreshToken, currentToken }: RefreshGrant, options?: CallOptions): Promise<Answer> {
    const body = { refresh_token: refreshToken, current_token: currentToken };
    return this.#send("POST", "/refresh", options, { body });
  }

  /** Makes a call with a bearer token. A 401 is followed by one refresh and one retry, unless the caller gave the token. */
  async #asBearer<R extends { readonly status: number }>(
    call: (bearer: string | undefined) => Promise<R>,
    options?: CallOptions,
  ): Promise<R> {
    const settings = this.#with(options);
    const bearer = await this.#bearer(settings);
    const answer = await call(bearer);
    if (answer.status !== 401 || settings.given) return answer;
    const other = await abortable(settings.signals, () => this.#session.token(bearer).catch(() => bearer));
    return other && other !== bearer ? call(other) : answer;
  }

  /**
   * Ends the session here, and then on the server.
   *
   * @returns the response, the store's failure to remove the tokens, and whether the session had already ended
   */
  async #end(
    options?: CallOptions,
  ): Promise<[answer: Answer, failure: StoreFailure | undefined, over?: boolean]> {
    const settings = this.#with(options);
    const { held, failure } = settings.given ? {} : await this.#session.end();
    const logout = (bearer: string | undefined) => this.#send("POST", "/logout", options, { bearer });
    const answer = await logout(held?.accessToken ?? (await this.#bearer({ ...settings, given: true })));
    if (answer.status !== 401 || !held) return [answer, failure];
    const { refreshToken } = held;
    // The access token has expired, but the session may not have: refresh it, so that it can be ended.
    const renewed = refreshToken ? await this.#refresh({ refreshToken }, options) : answer;
    if (finalStatuses.includes(renewed.status)) return [answer, failure, true];
    const { accessToken } = await readValue(renewed, readTokens);
    return [await logout(accessToken), failure];
  }

  /**
   * The session's token, or else the token of the options or of the environment. A given token comes first. An abort
   * ends the wait.
   */
  #bearer({
    signals,
    given,
    // Deno throws if it may not read the environment.
    token = orUndefined(() => globalThis.process?.env?.["LATCHKEY_TOKEN"]?.trim()),
  }: CallSettings): Promise<string | undefined> {
    return abortable(signals, async () => {
      const held = given ? undefined : await this.#session.token();
      return held ?? (typeof token === "function" ? token() : token);
    });
  }
}

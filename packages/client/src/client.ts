/// <reference lib="esnext.disposable" preserve="true" />
import { abortable, CloseSignal } from "./abortable.ts";
import type { Answer } from "./answer.ts";
import type { Changed, StoreFailure } from "./buffered-store.ts";
import { type Call, callOf, read } from "./call.ts";
import { SignedOutError } from "./errors.ts";
import { orUndefined } from "./fields.ts";
import { type CallOptions, type ClientOptions, defaults, mergeSettings, type Settings } from "./options.ts";
import { finalStatuses, Session, type SessionEnd } from "./session.ts";
import { memoryStore } from "./stores.ts";
import { type RefreshGrant, tokenSetOf } from "./tokens.ts";
import { type AuthRequest, type CallSettings, send, setBearer, withSafeError } from "./transport.ts";
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

/** A refresh in another tab is waited for as long as one attempt may take, and a margin, in milliseconds. */
const longestRefresh = 30_000;
const lockMargin = 5_000;

/**
 * Who wants to sign in.
 *
 * @example const credentials: Credentials = { username: "alice@example.com", password: "alice123" };
 */
export interface Credentials {
  /** User name or e-mail address. */
  readonly username: string;
  readonly password: string;
}

/**
 * Signs in to a Latchkey server, or to any that has its routes, and keeps the session fresh.
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

  constructor({ store = memoryStore(), ...options }: ClientOptions = {}) {
    this.#settings = mergeSettings(defaults, options);
    const exchange = async (grant: RefreshGrant) =>
      read(await send(refreshRequest(grant), this.#with()), readTokens);
    const lockTimeout = Math.min(this.#settings.timeout, longestRefresh) + lockMargin;
    this.#session = new Session(store, exchange, lockTimeout);
  }

  /**
   * Signs in, and keeps the session's tokens.
   *
   * @throws {UnauthorizedError} wrong user name, e-mail address or password
   * @throws {RateLimitError} too many attempts
   * @example const { username, roles } = await auth.login({ username: "alice", password: "alice123" });
   */
  login({ username, password }: Credentials, options?: CallOptions): Call<LoginResponse> {
    const askedAt = Date.now();
    const answer = send(
      { method: "POST", path: "/login", body: { username, password } },
      this.#with(options),
    );
    return callOf(
      answer,
      answer.then(async (given) => {
        const signedIn = read(given, readLogin);
        await this.#session.begin(tokenSetOf(signedIn, askedAt));
        return signedIn;
      }),
    );
  }

  /**
   * Trades a refresh token, or a live access token, for new tokens. `token()` does this by itself.
   *
   * @throws {UnauthorizedError} the session is over
   * @example const { accessToken } = await auth.refresh({ refreshToken });
   */
  refresh(grant: RefreshGrant, options?: CallOptions): Call<RefreshTokenResponse> {
    const answer = send(refreshRequest(grant), this.#with(options));
    return callOf(
      answer,
      this.#session.refresh(grant, async () => read(await answer, readTokens)),
    );
  }

  /**
   * Who is signed in. The token is refreshed first where it is time to, and once where it is refused.
   *
   * @throws {UnauthorizedError} no token, or one that is no good any more
   * @example const { id, roles } = await auth.me();
   */
  me(options?: CallOptions): Call<User> {
    const settings = this.#with(options);
    const answer = this.#asBearer(settings, options?.token, (bearer) =>
      send({ method: "GET", path: "/me", bearer, idempotent: true }, settings),
    );
    return callOf(
      answer,
      answer.then((given) => read(given, readUser)),
    );
  }

  /**
   * Ends the session: here at once, and on the server for all its tokens.
   *
   * @throws {ConnectionError} the server was not reached; here the session is over all the same
   * @throws the error of a store that did not forget the tokens, after the server was asked
   * @example await auth.logout();
   */
  logout(options?: CallOptions): Call<LogoutResponse> {
    const ending = options?.token === undefined ? this.#session.end() : undefined;
    const ended = this.#end(this.#with(options), ending);
    return callOf(
      ended.then(([answer]) => answer),
      ended.then(async ([answer, over]) => {
        const left = over ? { message: "Already logged out" } : read(answer, readLogout);
        const failure = (await ending)?.failure;
        if (failure) throw failure.error;
        return left;
      }),
    );
  }

  /**
   * An access token that is good for a while yet, refreshed once for all who ask at the same time.
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
   * `fetch` with the session's token as bearer. A 401 is answered with one refresh and one more try.
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
    return this.#asBearer(this.#with({ signal }), undefined, async (bearer) => {
      if (!bearer) throw new SignedOutError();
      await refused?.body?.cancel();
      const next = refused ? again : request;
      withSafeError(() => setBearer(next.headers, bearer));
      refused = await fetch(next);
      return refused;
    });
  };

  /**
   * A client with other options and the same session; with another store or server, a session of its own.
   *
   * @example const patient = auth.with({ timeout: 120_000 });
   */
  with(options: ClientOptions): AuthClient {
    const { store, baseURL, basePath } = options;
    const other = new AuthClient({ ...mergeSettings(this.#settings, options), store });
    other.#closing = this.#closing;
    if (!(store || baseURL || basePath)) other.#session = this.#session;
    return other;
  }

  /**
   * Calls back when the session is over.
   *
   * @returns stops calling back
   * @example auth.onSessionEnd(({ reason }) => { if (reason !== "logout") showLogin(); });
   */
  onSessionEnd(listener: (end: SessionEnd) => void): () => void {
    return this.#session.ends.on(listener);
  }

  /**
   * Calls back when the store fails. Tokens that it does not keep stay in memory, and it is tried again.
   *
   * @returns stops calling back
   * @example auth.onStoreError(({ action, error }) => console.error(`The store did not ${action} tokens`, error));
   */
  onStoreError(listener: (failure: StoreFailure) => void): () => void {
    return this.#session.storeErrors.on(listener);
  }

  /**
   * Aborts what is under way and whatever is asked later, for every client that `with` has made of another. What
   * `fetch` has sent has a signal of its own. The session stays: closing is not logging out.
   *
   * @example auth.close();
   */
  close(): void {
    this.#closing.abort();
  }

  /**
   * `close()`, at the end of a block.
   *
   * @example await using auth = new AuthClient();
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #with(options?: CallOptions): CallSettings {
    const settings = mergeSettings(this.#settings, options);
    return { ...settings, signals: [this.#closing, settings.signal] };
  }

  /** Sends with the bearer that there is, and where that is refused once more with a new one. */
  async #asBearer<R extends { readonly status: number }>(
    settings: CallSettings,
    token: CallOptions["token"],
    call: (bearer: string | undefined) => Promise<R>,
  ): Promise<R> {
    const bearer = token === undefined ? await this.#bearer(settings) : await resolveToken(token);
    const answer = await call(bearer);
    if (answer.status !== 401 || token !== undefined) return answer;
    const other = await abortable(settings.signals, () => this.#session.token(bearer).catch(() => bearer));
    return other && other !== bearer ? call(other) : answer;
  }

  /** @returns the answer to the logout, and whether the session was over before it */
  async #end(settings: CallSettings, ending?: Promise<Changed>): Promise<[answer: Answer, over?: boolean]> {
    const held = (await ending)?.held;
    const leave = (bearer: string | undefined) =>
      send({ method: "POST", path: "/logout", bearer, idempotent: true }, settings);
    const answer = await leave(held?.accessToken ?? (await resolveToken(settings.token)));
    if (answer.status !== 401 || !held) return [answer];
    if (!held.refreshToken) return [answer, true];
    // The access token had expired, and the session may not have: it is brought back to be ended.
    const renewed = await send(refreshRequest({ refreshToken: held.refreshToken }), settings);
    if (finalStatuses.includes(renewed.status)) return [answer, true];
    return [await leave(read(renewed, readTokens).accessToken)];
  }

  #bearer(settings: CallSettings): Promise<string | undefined> {
    return abortable(
      settings.signals,
      async () => (await this.#session.token()) ?? resolveToken(settings.token),
    );
  }
}

function refreshRequest({ refreshToken, currentToken }: RefreshGrant): AuthRequest {
  const body = { refresh_token: refreshToken, current_token: currentToken };
  return { method: "POST", path: "/refresh", body };
}

/** A token as it was given, or else the one in the environment. */
function resolveToken(
  token: CallOptions["token"] = environmentToken(),
): string | undefined | Promise<string> {
  return typeof token === "function" ? token() : token;
}

/** Some platforms ask before they show the environment, and may be told no. */
function environmentToken(): string | undefined {
  return orUndefined(() => globalThis.process?.env?.["LATCHKEY_TOKEN"]?.trim());
}

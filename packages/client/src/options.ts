import { ownOptions } from "./check-options.ts";
import { defaultRetry, type RetryOptions } from "./retry.ts";
import type { TokenStore } from "./stores.ts";

/**
 * Wraps every attempt. It may change the request, read the response, or answer without sending.
 *
 * @example
 * const timed: Middleware = async (request, next) => {
 *   const start = performance.now();
 *   const response = await next(request);
 *   console.log(response.status, performance.now() - start);
 *   return response;
 * };
 */
export type Middleware = (
  request: Request,
  next: (request: Request) => Promise<Response>,
) => Promise<Response>;

/**
 * Receives method, path, status and milliseconds of every attempt, but no header and no body. `console` fits.
 *
 * @example const logger: Logger = { debug: (message, fields) => log.debug(fields, message) };
 */
export interface Logger {
  debug(message: string, fields: Readonly<Record<string, unknown>>): void;
}

/**
 * Options of a client, and of a single call.
 *
 * @example const me = await auth.me({ timeout: 2_000, headers: { "accept-language": "en" } });
 */
export interface CallOptions {
  /** The URL of the server. Default: `http://127.0.0.1:8000`. */
  readonly baseURL?: string | undefined;
  /** The path before every route. Default: `/auth`. Some servers only have `/api/v1/auth`. */
  readonly basePath?: string | undefined;
  /** The bearer token if nobody has signed in. Default: the environment variable `LATCHKEY_TOKEN`. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** Milliseconds for each attempt, including its body. `Infinity` turns it off. Default: 30,000. */
  readonly timeout?: number | undefined;
  /** When to retry. Options left out keep their value. `false` turns retries off. */
  readonly retry?:
    | { readonly [Name in keyof RetryOptions]?: RetryOptions[Name] | undefined }
    | false
    | undefined;
  /** Extra headers. Those of a call override those of its client. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Used instead of the global `fetch`. */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
  /** The first is the outermost. */
  readonly middleware?: readonly Middleware[] | undefined;
  /** Receives a line for every attempt. */
  readonly logger?: Logger | undefined;
  /** Aborts requests and waits. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Options of a client.
 *
 * @example const options: ClientOptions = { baseURL: "https://login.example", store: localStorageStore() };
 */
export interface ClientOptions extends CallOptions {
  /** Keeps the tokens. Default: `memoryStore()`. */
  readonly store?: TokenStore | undefined;
}

/** Options with every default filled in. */
export interface Settings extends ClientOptions {
  readonly baseURL: string;
  readonly basePath: string;
  readonly timeout: number;
  readonly retry: RetryOptions;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: (request: Request) => Promise<Response>;
  readonly middleware: readonly Middleware[];
}

/** The defaults of all options of a call. Its keys are the known names. */
export const defaults: Settings & Readonly<Record<keyof CallOptions, unknown>> = {
  baseURL: "http://127.0.0.1:8000",
  basePath: "/auth",
  timeout: 30_000,
  retry: defaultRetry,
  headers: {},
  fetch: (request) => fetch(request),
  middleware: [],
  token: undefined,
  logger: undefined,
  signal: undefined,
};

/** The defaults of all options of a client. */
export const clientDefaults: Settings & Readonly<Record<keyof ClientOptions, unknown>> = {
  ...defaults,
  store: undefined,
};

/**
 * Overrides settings with options. An option that is `undefined` changes nothing.
 *
 * @param own the result of `ownOptions`
 * @throws {TypeError} an unknown option of `retry`
 */
export function mergeSettings(settings: Settings, own: CallOptions): Settings {
  const { retry = {} } = own;
  return {
    ...merge(settings, own),
    retry: merge(
      settings.retry,
      retry === false ? { maxRetries: 0 } : ownOptions(retry, defaultRetry, "retry."),
    ),
    headers: merge(settings.headers, own.headers),
  };
}

function merge<T extends object>(base: T, top: object = {}): T {
  return { ...base, ...Object.fromEntries(Object.entries(top).filter(([, value]) => value !== undefined)) };
}

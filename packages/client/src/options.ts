import { defaultRetry, type RetryOptions } from "./retry.ts";
import type { TokenStore } from "./stores.ts";

/**
 * Stands around every attempt: may change the request, look at the response, or answer by itself.
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
 * Told of every attempt: method, path, status, milliseconds. Never of a header or a body. `console` is one.
 *
 * @example const logger: Logger = { debug: (message, fields) => log.debug(fields, message) };
 */
export interface Logger {
  debug(message: string, fields: Readonly<Record<string, unknown>>): void;
}

/**
 * What can be set for a client, and for one call.
 *
 * @example const me = await auth.me({ timeout: 2_000, headers: { "accept-language": "en" } });
 */
export interface CallOptions {
  /** Where the server is. Default: `http://127.0.0.1:8000`. */
  readonly baseURL?: string | undefined;
  /** Where its routes begin. Default: `/auth`; servers that have only that take `/api/v1/auth`. */
  readonly basePath?: string | undefined;
  /** The bearer of `me` and `logout` where nobody has signed in. Default: `LATCHKEY_TOKEN` of the environment. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** Milliseconds for each attempt, its body included; `Infinity` for none. Default: 30,000. */
  readonly timeout?: number | undefined;
  /** When to try again; what is not given is as it was. `false`: never. */
  readonly retry?:
    | { readonly [Name in keyof RetryOptions]?: RetryOptions[Name] | undefined }
    | false
    | undefined;
  /** Sent along. What a call gives comes on top of what the client has. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Used instead of the global `fetch`. */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
  /** The first stands outermost. */
  readonly middleware?: readonly Middleware[] | undefined;
  readonly logger?: Logger | undefined;
  /** Aborts waiting and sending. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * What can be set for a client.
 *
 * @example const options: ClientOptions = { baseURL: "https://login.example", store: localStorageStore() };
 */
export interface ClientOptions extends CallOptions {
  /** Where tokens are kept. Default: in memory. */
  readonly store?: TokenStore | undefined;
}

/** Options with nothing left open. */
export interface Settings extends CallOptions {
  readonly baseURL: string;
  readonly basePath: string;
  readonly timeout: number;
  readonly retry: RetryOptions;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: (request: Request) => Promise<Response>;
  readonly middleware: readonly Middleware[];
}

/** What is set where nothing is said. */
export const defaults: Settings = {
  baseURL: "http://127.0.0.1:8000",
  basePath: "/auth",
  timeout: 30_000,
  retry: defaultRetry,
  headers: {},
  fetch: (request) => fetch(request),
  middleware: [],
};

/** Puts options on top of settings; one that is `undefined` changes nothing. */
export function mergeSettings(settings: Settings, options: CallOptions = {}): Settings {
  const { retry } = options;
  return {
    ...merge(settings, options),
    retry: merge(settings.retry, retry === false ? { maxRetries: 0 } : retry),
    headers: merge(settings.headers, options.headers),
  };
}

function merge<T extends object>(base: T, top: object = {}): T {
  return { ...base, ...Object.fromEntries(Object.entries(top).filter(([, value]) => value !== undefined)) };
}

import { abortable, type Signals } from "./abortable.ts";
import type { Answer } from "./answer.ts";
import { checkBaseURL } from "./check-options.ts";
import { codesOf, neverSent } from "./error-codes.ts";
import { AuthError, ConnectionError, RequestTimeoutError } from "./errors.ts";
import { orUndefined } from "./fields.ts";
import type { Settings } from "./options.ts";
import { maxWait, withRetries } from "./retry.ts";

/** One operation of the auth API. */
export interface Operation {
  readonly method: "GET" | "POST";
  /** The path after `basePath`. */
  readonly path: string;
  /** Fields that are undefined are not sent. */
  readonly body?: Readonly<Record<string, string | undefined>> | undefined;
  readonly bearer?: string | undefined;
}

/** The settings of a single call. */
export interface CallSettings extends Settings {
  /** The first that is aborted ends the call. */
  readonly signals: Signals;
  /** Whether the caller gave the call a token of its own. */
  readonly given: boolean;
}

/**
 * Sends an operation, with retries, and reads the complete response, whatever its status.
 *
 * @throws {ConnectionError} {RequestTimeoutError} {RequestAbortedError}
 */
export function send(operation: Operation, settings: CallSettings): Promise<Answer> {
  return withRetries(
    () => attempt(operation, settings),
    settings.retry,
    settings.signals,
    // A body is a password or a one-time token, and the server must not process it twice.
    !operation.body,
  );
}

/** Makes one attempt through the middleware, within the timeout, and logs it. */
async function attempt(operation: Operation, settings: CallSettings): Promise<Answer> {
  const { fetch, timeout } = settings;
  const start = Date.now();
  const controller = new AbortController();
  // Values below eight characters are not redacted: they may be ordinary words of a message.
  const secrets = Object.values({ ...operation.body, bearer: operation.bearer }).filter(
    (value): value is string => typeof value === "string" && value.length > 7,
  );
  let origin = "";
  let outcome = {};
  const lost = (cause: unknown): never => {
    if (orUndefined(() => cause instanceof AuthError)) throw cause;
    // Only a code is shown: the text of an error may quote a password or a header.
    const code = codesOf(cause).findLast((code) => /^[A-Z]\w{1,40}$/.test(code));
    const fault = neverSent(cause) ? "Cannot reach" : "No response from";
    const error = new ConnectionError(`${fault} ${origin}${code ? ` (${code})` : ""}`, { cause });
    throw Object.assign(error, code && { code });
  };
  // `fetch` is called without a receiver, because browsers reject any but the window.
  const chain = settings.middleware.reduceRight<Settings["fetch"]>(
    (next, middleware) => (request) => middleware(request, next),
    (request) => fetch(request).catch(lost),
  );
  // Unlike `AbortSignal.timeout`, this timer ends with the call.
  const timer = setTimeout(() => controller.abort(), Math.min(timeout, maxWait));
  try {
    // The signal is also raced here, because a custom `fetch` may ignore it.
    return await abortable([controller.signal, ...settings.signals], async () => {
      // Read after the signals are checked: a closed client is aborted, also with an invalid value.
      checkBaseURL(settings.baseURL);
      const request = withSafeError(() => requestOf(operation, settings, controller.signal));
      ({ origin } = new URL(request.url));
      const response = await chain(request);
      const body = await response.text().catch(lost);
      const { status, headers } = response;
      outcome = { status };
      const data: unknown = orUndefined(() => JSON.parse(body));
      return { status, headers, body, data, retryAfter: retryAfterOf(headers), secrets };
    });
  } catch (error) {
    const late = controller.signal.aborted;
    controller.abort();
    const fault = late ? new RequestTimeoutError(`No response from ${origin} within ${timeout} ms`) : error;
    outcome = fault instanceof AuthError ? { error: fault.kind } : {};
    throw fault;
  } finally {
    clearTimeout(timer);
    const { method, path } = operation;
    const fields = { method, path: settings.basePath + path, ms: Date.now() - start, ...outcome };
    orUndefined(() => settings.logger?.debug("attempt", fields));
  }
}

function requestOf(
  { method, path, body, bearer }: Operation,
  settings: Settings,
  signal: AbortSignal,
): Request {
  const headers = new Headers({ accept: "application/json" });
  if (body) headers.set("content-type", "application/json");
  if (bearer) headers.set("authorization", `Bearer ${bearer}`);
  for (const [name, value] of Object.entries(settings.headers)) headers.set(name, value);
  // Exactly one slash between the parts, so that no password goes to `https://login.exampleauth`.
  const url = `${settings.baseURL}/${settings.basePath}${path}`.replace(/(?<!:)\/+/g, "/");
  return new Request(url, {
    method,
    headers,
    signal,
    // Following a redirect could send a password to another server.
    redirect: "manual",
    body: body ? JSON.stringify(body) : null,
  });
}

/** Replaces an error of the platform. Its message may quote a token, an API key or a password. @throws {TypeError} */
export function withSafeError<T>(work: () => T): T {
  try {
    return work();
  } catch {
    throw new TypeError("Invalid token or header");
  }
}

/** `Retry-After` (RFC 9110 §10.2.3) in seconds. A date is compared with the server's clock if it sends one. */
function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get("retry-after") ?? "";
  const now = Date.parse(headers.get("date") ?? "") || Date.now();
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - now) / 1000;
  return seconds <= 0 ? 0 : seconds || undefined;
}

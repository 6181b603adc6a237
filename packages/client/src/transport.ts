import { abortable, type Signals } from "./abortable.ts";
import { type Answer, redact } from "./answer.ts";
import { AuthError, ConnectionError, RequestTimeoutError } from "./errors.ts";
import { orUndefined } from "./fields.ts";
import type { Settings } from "./options.ts";
import { codeOf, maxWait, withRetries } from "./retry.ts";

/** What is asked of the server. */
export interface AuthRequest {
  readonly method: "GET" | "POST";
  /** Behind `basePath`. */
  readonly path: string;
  /** What is undefined is not sent. */
  readonly body?: Readonly<Record<string, string | undefined>>;
  readonly bearer?: string | undefined;
  /** Whether doing it twice does no harm. */
  readonly idempotent?: boolean;
}

/** The settings of one call. */
export interface CallSettings extends Settings {
  /** Whichever is aborted first ends the call. */
  readonly signals: Signals;
}

/**
 * Asks, again where that makes sense, and reads the whole answer, whatever its status.
 *
 * @throws {ConnectionError} {RequestTimeoutError} {RequestAbortedError}
 */
export function send(asked: AuthRequest, settings: CallSettings): Promise<Answer> {
  const { retry, signals } = settings;
  return withRetries(() => attempt(asked, settings), retry, signals, asked.idempotent);
}

/** One attempt, which the logger is told of. */
async function attempt(asked: AuthRequest, settings: CallSettings): Promise<Answer> {
  const start = Date.now();
  let outcome = {};
  try {
    const answer = await exchange(asked, settings);
    outcome = { status: answer.status };
    return answer;
  } catch (error) {
    if (error instanceof AuthError) outcome = { error: error.kind };
    throw error;
  } finally {
    const { method, path } = asked;
    const fields = { method, path: settings.basePath + path, ms: Date.now() - start, ...outcome };
    orUndefined(() => settings.logger?.debug("attempt", fields));
  }
}

async function exchange(asked: AuthRequest, settings: CallSettings): Promise<Answer> {
  const { fetch, timeout } = settings;
  const controller = new AbortController();
  const request = withSafeError(() => requestOf(asked, settings, controller.signal));
  const noResponse = `No response from ${new URL(request.url).origin}`;
  // Shorter ones are words: blotting them out would tell more than it hides.
  const sent = [asked.bearer, ...Object.values(asked.body ?? {})];
  const secrets = sent.filter((value): value is string => value !== undefined && value.length > 7);
  const lost = (cause: unknown): never => {
    if (cause instanceof AuthError) throw cause;
    throw new ConnectionError(redact(`${noResponse}: ${reasonOf(cause)}`, secrets), { cause });
  };
  // Browsers refuse to fetch as the method of anything else.
  const chain = settings.middleware.reduceRight<Settings["fetch"]>(
    (next, middleware) => (request) => middleware(request, next),
    (request) => fetch(request).catch(lost),
  );
  // Not `AbortSignal.timeout`: its timers outlive the calls that they were set for.
  const timer = setTimeout(() => controller.abort(), Math.min(timeout, maxWait));
  try {
    // A fetch that was brought along may not heed its signal.
    return await abortable([controller.signal, ...settings.signals], async () => {
      const response = await chain(request);
      const body = await response.text().catch(lost);
      const { status, headers } = response;
      const data: unknown = orUndefined(() => JSON.parse(body));
      return { status, headers, body, data, retryAfter: retryAfterOf(headers), secrets };
    });
  } catch (error) {
    const late = controller.signal.aborted;
    controller.abort();
    throw late ? new RequestTimeoutError(`${noResponse} within ${timeout} ms`) : error;
  } finally {
    clearTimeout(timer);
  }
}

function requestOf(
  { method, path, body, bearer }: AuthRequest,
  settings: Settings,
  signal: AbortSignal,
): Request {
  const headers = new Headers({ accept: "application/json" });
  if (body) headers.set("content-type", "application/json");
  if (bearer) setBearer(headers, bearer);
  for (const [name, value] of Object.entries(settings.headers)) headers.set(name, value);
  // However the parts are given: a password must not go to `https://login.exampleauth`.
  const url = `${settings.baseURL}/${settings.basePath}${path}`.replace(/(?<!:)\/+/g, "/");
  return new Request(url, {
    method,
    headers,
    signal,
    // A password that was sent to one place is not handed on to another.
    redirect: "manual",
    body: body ? JSON.stringify(body) : null,
  });
}

/** @throws {TypeError} in words of its own: the platform's would quote a token, a key or a password in an address */
export function withSafeError<T>(work: () => T): T {
  try {
    return work();
  } catch {
    throw new TypeError("Invalid token, header or baseURL");
  }
}

export function setBearer(headers: Headers, token: string): void {
  headers.set("authorization", `Bearer ${token}`);
}

/** The message of the innermost cause, else its code. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause: unknown = error.cause;
  if (!(cause instanceof Error)) return error.message || codeOf(error);
  // Node attaches the received bytes to a parse error; they may echo a secret.
  const parseError: Error & { data?: unknown } = cause;
  delete parseError.data;
  return reasonOf(cause);
}

/** `Retry-After` (RFC 9110 §10.2.3) in seconds, of both its forms. */
function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get("retry-after") ?? "";
  const now = Date.parse(headers.get("date") ?? "") || Date.now();
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - now) / 1000;
  return seconds <= 0 ? 0 : seconds || undefined;
}

import { abortable, type Signals } from "./abortable.ts";
import type { Answer } from "./answer.ts";
import { AuthError, ConnectionError, RequestTimeoutError } from "./errors.ts";
import { orUndefined } from "./fields.ts";
import type { Settings } from "./options.ts";
import { maxWait, withRetries } from "./retry.ts";

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

async function attempt(asked: AuthRequest, settings: CallSettings): Promise<Answer> {
  const { timeout, signals } = settings;
  const controller = new AbortController();
  // Not `AbortSignal.timeout`: its timers outlive the calls that they were set for.
  const timer = setTimeout(() => controller.abort(), Math.min(timeout, maxWait));
  const start = Date.now();
  let outcome = {};
  try {
    // A fetch that was brought along may not heed its signal.
    const answer = await abortable([controller.signal, ...signals], () =>
      exchange(asked, settings, controller.signal),
    );
    outcome = { status: answer.status };
    return answer;
  } catch (cause) {
    const tooLate =
      controller.signal.aborted && new RequestTimeoutError(`No whole answer within ${timeout} ms`);
    const error = tooLate || cause;
    controller.abort();
    if (error instanceof AuthError) outcome = { error: error.kind };
    throw error;
  } finally {
    clearTimeout(timer);
    const { basePath, logger } = settings;
    const { method, path } = asked;
    orUndefined(() =>
      logger?.debug("attempt", { method, path: basePath + path, ms: Date.now() - start, ...outcome }),
    );
  }
}

async function exchange(asked: AuthRequest, settings: Settings, signal: AbortSignal): Promise<Answer> {
  // Browsers refuse to fetch as the method of anything else.
  const { fetch } = settings;
  const innermost = (request: Request) => fetch(request).catch(lost);
  const chain = settings.middleware.reduceRight<(request: Request) => Promise<Response>>(
    (next, middleware) => (request) => middleware(request, next),
    innermost,
  );
  const request = withSafeError(() => requestOf(asked, settings, signal));
  const response = await chain(request);
  const body = await response.text().catch(lost);
  const { status, headers } = response;
  // Shorter ones are words: blotting them out would tell more than it hides.
  const sent = [asked.bearer, ...Object.values(asked.body ?? {})];
  const secrets = sent.filter((value): value is string => value !== undefined && value.length > 7);
  return {
    status,
    headers,
    body,
    data: orUndefined(() => JSON.parse(body)),
    retryAfter: retryAfterOf(headers),
    secrets,
  };
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
    throw new TypeError("The token, a header or baseURL is not valid");
  }
}

export function setBearer(headers: Headers, token: string): void {
  headers.set("authorization", `Bearer ${token}`);
}

function lost(cause: unknown): never {
  // Node shows what it got where that was no HTTP, which may be what was sent.
  if (cause instanceof Error && cause.cause instanceof Error) Reflect.deleteProperty(cause.cause, "data");
  throw cause instanceof AuthError ? cause : new ConnectionError("No whole answer", { cause });
}

/** `Retry-After` (RFC 9110 §10.2.3) in seconds, of both its forms. */
function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get("retry-after") ?? "";
  const now = Date.parse(headers.get("date") ?? "") || Date.now();
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - now) / 1000;
  return seconds <= 0 ? 0 : seconds || undefined;
}

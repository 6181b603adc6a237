import { abortable, type Signals } from "./abortable.ts";
import type { Answer } from "./answer.ts";
import { AuthError, ConnectionError, RequestTimeoutError } from "./errors.ts";
import type { Settings } from "./options.ts";
import { maxWait, withRetries } from "./retry.ts";
import { unlessThrown } from "./unless-thrown.ts";

/** What is asked of the server. */
export interface Asked {
  readonly method: "GET" | "POST";
  /** Behind `basePath`. */
  readonly path: string;
  /** What is undefined is not sent. */
  readonly body?: Readonly<Record<string, string | undefined>>;
  readonly bearer?: string | undefined;
  /** Whether doing it twice does no harm. */
  readonly repeatable: boolean;
}

/**
 * Asks, again where that makes sense, and reads the whole answer, whatever its status.
 *
 * @throws {ConnectionError} {RequestTimeoutError} {RequestAbortedError}
 */
export function ask(asked: Asked, settings: Settings, signals: Signals): Promise<Answer> {
  return withRetries(() => once(asked, settings, signals), settings.retry, asked.repeatable, signals);
}

async function once(asked: Asked, settings: Settings, signals: Signals): Promise<Answer> {
  const { timeout } = settings;
  const attempt = new AbortController();
  // Not `AbortSignal.timeout`: its timers outlive the calls that they were set for.
  const timer = setTimeout(() => attempt.abort(), Math.min(timeout, maxWait));
  const start = Date.now();
  let outcome = {};
  try {
    // A fetch that was brought along may not heed its signal.
    const answer = await abortable([attempt.signal, ...signals], () =>
      exchange(asked, settings, attempt.signal),
    );
    outcome = { status: answer.status };
    return answer;
  } catch (cause) {
    const tooLate = attempt.signal.aborted && new RequestTimeoutError(`No whole answer within ${timeout} ms`);
    const error = tooLate || cause;
    attempt.abort();
    if (error instanceof AuthError) outcome = { error: error.kind };
    throw error;
  } finally {
    clearTimeout(timer);
    const path = settings.basePath + asked.path;
    const fields = { method: asked.method, path, ms: Date.now() - start, ...outcome };
    unlessThrown(() => settings.logger?.debug("attempt", fields));
  }
}

async function exchange(asked: Asked, settings: Settings, signal: AbortSignal): Promise<Answer> {
  // Browsers refuse to fetch as the method of anything else.
  const { fetch } = settings;
  const innermost = (request: Request) => fetch(request).catch(lost);
  const chain = (settings.middleware ?? []).reduceRight<(request: Request) => Promise<Response>>(
    (next, middleware) => (request) => middleware(request, next),
    innermost,
  );
  const response = await chain(fitting(() => requestOf(asked, settings, signal)));
  const body = await response.text().catch(lost);
  const { status, headers } = response;
  // Shorter ones are words: blotting them out would tell more than it hides.
  const sent = [asked.bearer, ...Object.values(asked.body ?? {})];
  const secrets = sent.filter((value): value is string => value !== undefined && value.length > 7);
  return {
    status,
    headers,
    body,
    data: unlessThrown(() => JSON.parse(body)),
    retryAfter: retryAfterOf(headers),
    secrets,
  };
}

function requestOf({ method, path, body, bearer }: Asked, settings: Settings, signal: AbortSignal): Request {
  const headers = new Headers({ accept: "application/json" });
  if (body) headers.set("content-type", "application/json");
  if (bearer) setBearer(headers, bearer);
  for (const [name, value] of Object.entries(settings.headers ?? {})) headers.set(name, value);
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
export function fitting<T>(work: () => T): T {
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
  return seconds >= 0 ? seconds : seconds < 0 ? 0 : undefined;
}

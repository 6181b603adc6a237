import { BodyTooLong, readText } from "../support/bounded-body.ts";
import type { CloseSignal } from "../support/close-signal.ts";
import { parseJson } from "../support/own-members.ts";

/** The issuer could not be reached, or its answer is unusable. The message is for the log. */
export class IssuerError extends Error {
  /** The HTTP status; undefined without a response. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

/** The means of a guard to send requests. */
export interface Requests {
  readonly fetch: typeof fetch;
  readonly closed: CloseSignal;
}

/** Options of a request for a JSON document. */
export interface JsonRequest {
  readonly headers?: Readonly<Record<string, string>>;
  /** Timeout of the whole request with its body, in milliseconds. Default: 5,000. */
  readonly timeout?: number;
  /** Longest accepted body, in bytes. Default: 256 KiB. */
  readonly maxBytes?: number;
  /** Receives the headers of a response with status 200. */
  readonly onAnswer?: (headers: Headers) => void;
}

/**
 * Requests a JSON document from the issuer. Redirects are not followed: a header must not decide which host
 * stands in for the issuer.
 *
 * @throws {IssuerError}
 */
export async function requestJson(requests: Requests, address: URL, request: JsonRequest = {}) {
  const { headers = {}, timeout = 5_000, maxBytes = 262_144, onAnswer } = request;
  const response = timeoutSignal(timeout, requests.closed);
  try {
    const answer = await requests.fetch(address, {
      headers: { accept: "application/json", ...headers },
      redirect: "manual",
      signal: response.signal,
    });
    if (answer.status !== 200) throw new IssuerError(`answered ${answer.status}`, answer.status);
    onAnswer?.(answer.headers);
    return documentIn(await readText(answer, maxBytes));
  } catch (error) {
    throw issuerErrorOf(error);
  } finally {
    response.end();
  }
}

/** @throws {IssuerError} */
function documentIn(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new IssuerError("the answer is not JSON");
  }
}

/** An abort signal with a timeout that can be restarted. */
interface TimeoutSignal {
  readonly signal: AbortSignal;
  /** Restarts the timeout. @param after milliseconds */
  restart(after: number): void;
  /** Stops the timeout and closes the connection. */
  end(): void;
}

/** Starts a timeout of so many milliseconds. Its signal also aborts when the guard is closed. */
export function timeoutSignal(ms: number, closed: CloseSignal): TimeoutSignal {
  const controller = new AbortController();
  const abort = () => controller.abort(new IssuerError("the guard is closed"));
  const late = (after: number) =>
    setTimeout(() => controller.abort(new IssuerError(`no data for ${after} ms`)), after);
  let timer = late(ms);
  if (closed.isClosed) abort();
  const forget = closed.onClose(abort);
  return {
    signal: controller.signal,
    restart(after) {
      clearTimeout(timer);
      timer = late(after);
    },
    end() {
      clearTimeout(timer);
      forget();
      controller.abort();
    },
  };
}

/** The error as an {IssuerError}. Its message repeats nothing of request and response. */
export function issuerErrorOf(error: unknown): IssuerError {
  if (error instanceof IssuerError) return error;
  if (error instanceof BodyTooLong) return new IssuerError(error.message);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof IssuerError) return cause;
  if (cause instanceof Error && "code" in cause && typeof cause.code === "string") {
    return new IssuerError(`could not be reached: ${cause.code}`);
  }
  return new IssuerError(`could not be reached: ${cause instanceof Error ? cause.name : "unknown"}`);
}

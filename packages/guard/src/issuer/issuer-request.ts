import { BodyTooLong, readText } from "../support/bounded-body.ts";
import type { CloseSignal } from "../support/close-signal.ts";
import { parseJson } from "../support/own-members.ts";

/** Why the issuer could not be asked, or what it said that cannot be used. The message is for the log. */
export class IssuerError extends Error {
  /** The answer's status; undefined where there was no answer. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

/** How a guard reaches its issuer. */
export interface Requests {
  readonly fetch: typeof fetch;
  readonly closed: CloseSignal;
}

export interface JsonRequest {
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds for all of it, the body included. Default: 5,000. */
  readonly timeout?: number;
  /** Default: 256 KiB. */
  readonly maxBytes?: number;
  /** Given the headers of an answer with status 200. */
  readonly onAnswer?: (headers: Headers) => void;
}

/**
 * Asks the issuer for a JSON document. Redirects are not followed: what stands in for the issuer must not be
 * decided by a header.
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

/** A signal that aborts after a time, which can be begun again, and when the guard is closed. */
export function timeoutSignal(ms: number, closed: CloseSignal) {
  const controller = new AbortController();
  const abort = () => controller.abort(new IssuerError("the guard is closed"));
  const late = (after: number) =>
    setTimeout(() => controller.abort(new IssuerError(`nothing came for ${after} ms`)), after);
  let timer = late(ms);
  if (closed.isClosed) abort();
  const forget = closed.onClose(abort);
  return {
    signal: controller.signal,
    /** Begins anew. @param after milliseconds */
    again(after: number): void {
      clearTimeout(timer);
      timer = late(after);
    },
    /** Lets go of the connection, where there still is one. */
    end(): void {
      clearTimeout(timer);
      forget();
      controller.abort();
    },
  };
}

/** What went wrong, in words that hold nothing of what was sent or received. */
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

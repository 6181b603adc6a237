import { abortable, type Signals } from "./abortable.ts";
import type { Answer } from "./answer.ts";
import { neverSent } from "./error-codes.ts";
import { AuthError, ConnectionError, RequestAbortedError } from "./errors.ts";

/**
 * Exponential backoff with full jitter. The interval grows from `initialInterval` by `exponent` up to
 * `maxInterval`, and each wait is a random part of it. A longer `Retry-After` replaces that wait.
 *
 * @example new AuthClient({ retry: { maxRetries: 5, initialInterval: 200 } })
 */
export interface RetryOptions {
  /** Attempts after the first. */
  readonly maxRetries: number;
  /** The first interval, in milliseconds. */
  readonly initialInterval: number;
  /** The longest interval, in milliseconds. */
  readonly maxInterval: number;
  /** The factor between two intervals. */
  readonly exponent: number;
  /** Milliseconds for all attempts and waits. If the next wait would end later, the error is thrown now. */
  readonly maxElapsedTime: number;
  /** Whether to retry after a lost connection or a timeout. */
  readonly retryConnectionErrors: boolean;
  /** Statuses to retry: a number, or a class such as `5XX`. */
  readonly statusCodes: readonly (number | "4XX" | "5XX")[];
}

/**
 * The default: two retries.
 *
 * @example new AuthClient({ retry: { statusCodes: [...defaultRetry.statusCodes, 425] } })
 */
export const defaultRetry: RetryOptions = {
  maxRetries: 2,
  initialInterval: 500,
  maxInterval: 8_000,
  exponent: 2,
  maxElapsedTime: 60_000,
  retryConnectionErrors: true,
  statusCodes: [408, 429, "5XX"],
};

/**
 * The default of the published `dbrsdk`: retries 5xx for up to an hour.
 *
 * @example new AuthClient({ basePath: "/api/v1/auth", retry: dbrsdkRetry })
 */
export const dbrsdkRetry: RetryOptions = {
  ...defaultRetry,
  maxRetries: Number.POSITIVE_INFINITY,
  maxInterval: 60_000,
  exponent: 1.5,
  maxElapsedTime: 3_600_000,
  statusCodes: ["5XX"],
};

/**
 * The default of the published `mcp_client`: retries a lost connection three times, but no status.
 *
 * @example new AuthClient({ retry: mcpClientRetry })
 */
export const mcpClientRetry: RetryOptions = {
  ...defaultRetry,
  maxRetries: 3,
  initialInterval: 0,
  statusCodes: [],
};

/** Statuses by which a server says that it has not processed the request. */
const notStarted: readonly number[] = [408, 429, 503];

/**
 * If a wait ends this late, in milliseconds, its tab or machine was suspended. A refresh is not resent then:
 * another tab may have refreshed meanwhile, and an old refresh token would end the session.
 */
const suspendedAfter = 5_000;

/** The longest delay of a timer, in milliseconds. */
export const maxWait = 2 ** 31 - 1;

/**
 * Repeats an attempt until its status is not one of `statusCodes`, or until the retries are used up.
 *
 * @param idempotent whether the server may process the request twice. A login or a refresh is only repeated
 * if the server certainly has not processed it.
 */
export async function withRetries(
  attempt: () => Promise<Answer>,
  options: RetryOptions,
  signals: Signals,
  idempotent = false,
): Promise<Answer> {
  const end = performance.now() + Math.min(options.maxElapsedTime, maxWait);
  for (let retries = 0; ; retries++) {
    let answer: Answer | undefined;
    let error: unknown;
    try {
      answer = await attempt();
    } catch (thrown) {
      error = thrown;
    }
    const again = answer
      ? isRetried(answer.status, options) && (idempotent || notStarted.includes(answer.status))
      : options.retryConnectionErrors && mayRepeat(error, idempotent);
    // 0 * Infinity is NaN, and a NaN would never be `late`.
    const grown = options.initialInterval * options.exponent ** retries || 0;
    const interval = Math.min(options.maxInterval, grown);
    const wait = Math.max((answer?.retryAfter ?? 0) * 1000, Math.random() * interval);
    const late = performance.now() + wait > end;
    if (again && retries < options.maxRetries && !late) {
      // `performance.now()` stops in some browsers while the machine sleeps. `Date.now()` does not.
      const wake = Date.now() + wait;
      await sleep(wait, signals);
      if (idempotent || Date.now() < wake + suspendedAfter) continue;
    }
    if (answer) return answer;
    throw error;
  }
}

async function sleep(ms: number, signals: Signals): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const elapsed = () =>
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
  await abortable(signals, elapsed).finally(() => clearTimeout(timer));
}

function isRetried(status: number, { statusCodes }: RetryOptions): boolean {
  return statusCodes.some((code) => code === status || code === `${String(status)[0]}XX`);
}

/** Whether a request without a response may be sent again. */
function mayRepeat(error: unknown, idempotent: boolean): boolean {
  if (!(error instanceof AuthError) || error instanceof RequestAbortedError) return false;
  return idempotent || (error instanceof ConnectionError && neverSent(error.cause));
}

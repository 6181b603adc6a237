import { abortable, type Signals } from "./abortable.ts";
import type { Answer } from "./answer.ts";
import { AuthError, ConnectionError, RequestAbortedError } from "./errors.ts";

/**
 * When a call is tried again. Waits grow from `initialInterval` by `exponent` up to `maxInterval`, each a
 * random part of that (full jitter), but never shorter than a `Retry-After` of the server.
 *
 * @example new AuthClient({ retry: { maxRetries: 5, initialInterval: 200 } })
 */
export interface RetryOptions {
  /** Tries after the first. */
  readonly maxRetries: number;
  /** Milliseconds. */
  readonly initialInterval: number;
  /** Milliseconds. */
  readonly maxInterval: number;
  readonly exponent: number;
  /** Milliseconds for all tries and waits; a wait that would end later is not begun. */
  readonly maxElapsedTime: number;
  /** Whether a lost connection and a timeout are tried again. */
  readonly retryConnectionErrors: boolean;
  /** Exact, or a class such as `5XX`. */
  readonly statusCodes: readonly (number | "4XX" | "5XX")[];
}

/**
 * What is done where nothing is said: two more tries.
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
 * As the published `dbrsdk` does: 5xx for up to an hour.
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
 * As the published `mcp_client` does: three more tries to connect, none after an answer.
 *
 * @example new AuthClient({ retry: mcpClientRetry })
 */
export const mcpClientRetry: RetryOptions = {
  ...defaultRetry,
  maxRetries: 3,
  initialInterval: 0,
  statusCodes: [],
};

/** A server that answers so has not begun with what it was asked. */
const notStarted: readonly number[] = [408, 429, 503];

/** What Node and Bun call a connection that never came to be. */
const neverSent = /REFUSED|NOTFOUND|EAI_AGAIN|UNREACH|CONNECT_TIMEOUT/i;

/**
 * A pause that ends so much late was suspended with its tab or machine, in milliseconds. A refresh is not sent again
 * after it: another tab may have gone on, and an old refresh token would end the session.
 */
const suspension = 5_000;

/** The longest that a timer can wait, in milliseconds. */
export const maxWait = 2 ** 31 - 1;

/**
 * Tries until there is an answer that is none of `statusCodes`, or no try is left.
 *
 * @param repeatable whether doing it twice does no harm; a login or refresh is repeated only where it is
 * certain that the server did not begin with it
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
      ? retried(answer.status, options) && (idempotent || notStarted.includes(answer.status))
      : options.retryConnectionErrors && mayResend(error, idempotent);
    // Nothing times infinity is no number, and what is none is never too late.
    const grown = options.initialInterval * options.exponent ** retries || 0;
    const interval = Math.min(options.maxInterval, grown);
    const wait = Math.max((answer?.retryAfter ?? 0) * 1000, Math.random() * interval);
    const late = performance.now() + wait > end;
    if (again && retries < options.maxRetries && !late) {
      // The wall clock goes on while a machine sleeps. In some browsers the steady clock does not.
      const wake = Date.now() + wait;
      await sleep(wait, signals);
      if (idempotent || Date.now() < wake + suspension) continue;
    }
    if (answer) return answer;
    throw error;
  }
}

async function sleep(ms: number, signals: Signals): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = () =>
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
  await abortable(signals, over).finally(() => clearTimeout(timer));
}

function retried(status: number, { statusCodes }: RetryOptions): boolean {
  return statusCodes.some((code) => code === status || code === `${String(status)[0]}XX`);
}

function mayResend(error: unknown, idempotent: boolean): boolean {
  if (!(error instanceof AuthError) || error instanceof RequestAbortedError) return false;
  return idempotent || (error instanceof ConnectionError && neverSent.test(codeOf(error.cause)));
}

export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  return `${"code" in error ? error.code : ""} ${codeOf(error.cause)}`.trim();
}

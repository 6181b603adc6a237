import { orUndefined } from "./fields.ts";
import type { TokenSet } from "./tokens.ts";

/**
 * Keeps the tokens of one session. Its methods may answer at once or by promise.
 *
 * @example
 * let kept: TokenSet | undefined;
 * const store: TokenStore = { get: () => kept, set: (tokens) => { kept = tokens; } };
 */
export interface TokenStore {
  /** The same wherever the same tokens are kept: whoever refreshes them takes turns under this name. */
  readonly name?: string;
  get(): TokenSet | undefined | Promise<TokenSet | undefined>;
  /** Keeps tokens, or with `undefined` forgets them. */
  set(tokens: TokenSet | undefined): void | Promise<void>;
}

/**
 * Keeps tokens until the program ends.
 *
 * @example new AuthClient({ store: memoryStore() })
 */
export function memoryStore(): TokenStore {
  let kept: TokenSet | undefined;
  return {
    get: () => kept,
    set: (tokens) => {
      kept = tokens;
    },
  };
}

/**
 * Keeps tokens in a browser, for all its tabs of the same origin. Scripts of the page can read them.
 *
 * It can be made anywhere. If `localStorage` is missing, as on a server or when the browser forbids it, tokens are
 * in memory alone, and `onStoreError` says so.
 *
 * @param key under which they stand
 * @example new AuthClient({ store: localStorageStore() })
 */
export function localStorageStore(key = "latchkey"): TokenStore {
  // The mere look at it throws where it is forbidden; Node may have one without methods.
  const found = () => {
    const storage = orUndefined(() => globalThis.localStorage);
    return storage?.getItem ? storage : undefined;
  };
  return {
    name: key,
    get: () => tokensIn(found()?.getItem(key)),
    set(tokens) {
      const there = found();
      if (!tokens) there?.removeItem(key);
      else if (there) there.setItem(key, JSON.stringify(tokens));
      else throw new Error("localStorage is not available");
    },
  };
}

/** Reads tokens that were written as JSON; what is none is no session. */
export function tokensIn(text: string | null | undefined): TokenSet | undefined {
  // Without a prototype: what every object inherits was not stored.
  const tokens = orUndefined(() => Object.setPrototypeOf(JSON.parse(String(text)), null));
  return typeof tokens?.accessToken === "string" ? tokens : undefined;
}

/**
 * Runs work alone of its kind, across all tabs, if the tokens have a name and the platform has locks (Web Locks).
 *
 * A lock that is refused, or not granted within `ms`, is gone on without: a suspended tab keeps its locks and
 * never ends its work.
 */
export async function withLock<T>(
  { name }: TokenStore,
  kind: "refresh" | "change",
  ms: number,
  work: () => Promise<T>,
): Promise<T> {
  const locks = globalThis.navigator?.locks;
  if (!name || !locks) return work();
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), ms);
  let begun: Promise<T> | undefined;
  const begin = () => {
    clearTimeout(timer);
    begun ??= work();
    return begun;
  };
  try {
    await locks.request(`latchkey ${kind} ${name}`, { signal: waiting.signal }, begin);
  } catch {
    // The lock was refused or came too late, or the work failed.
  }
  return begin();
}

import { orUndefined } from "./fields.ts";
import type { TokenSet } from "./tokens.ts";

/**
 * Keeps the tokens of one session. Both methods may return a value or a promise.
 *
 * @example
 * let kept: TokenSet | undefined;
 * const store: TokenStore = { get: () => kept, set: (tokens) => { kept = tokens; } };
 */
export interface TokenStore {
  /** The name of a lock. Clients in several tabs that share these tokens must use the same name. */
  readonly name?: string;
  get(): TokenSet | undefined | Promise<TokenSet | undefined>;
  /** Writes tokens, or removes them if given `undefined`. */
  set(tokens: TokenSet | undefined): void | Promise<void>;
  /**
   * Calls `changed` when the tokens may have changed elsewhere, as in another tab. Too many calls do no harm.
   * Without it, a client learns of a change at its own next call.
   *
   * @returns a function that stops this
   */
  watch?(changed: () => void): () => void;
}

/**
 * A token store in memory. The tokens are gone when the program ends.
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
 * A token store in `localStorage`, shared by all tabs of an origin. Every script of the page can read it.
 *
 * Without `localStorage`, as on a server or if the browser forbids it, writes fail. The client then keeps the
 * tokens in memory and calls `onStoreError`.
 *
 * @param key the key in `localStorage`
 * @example new AuthClient({ store: localStorageStore() })
 */
export function localStorageStore(key = "latchkey"): TokenStore {
  // Reading the global throws if the browser forbids storage. Some versions of Node have one without methods.
  const available = () => {
    const storage = orUndefined(() => globalThis.localStorage);
    return storage?.getItem ? storage : undefined;
  };
  return {
    name: key,
    get: () => tokensIn(available()?.getItem(key)),
    set(tokens) {
      const storage = available();
      if (!tokens) storage?.removeItem(key);
      else if (storage) storage.setItem(key, JSON.stringify(tokens));
      else throw new Error("localStorage is not available");
    },
  };
}

/** Parses stored tokens. Anything else, such as a damaged file, counts as no session. */
export function tokensIn(text: string | null | undefined): TokenSet | undefined {
  // Without a prototype, so that inherited members cannot pass for stored tokens.
  const tokens = orUndefined(() => Object.setPrototypeOf(JSON.parse(String(text)), null));
  return typeof tokens?.accessToken === "string" ? tokens : undefined;
}

/**
 * Holds the store's Web Lock during some work, so that only one tab refreshes, or changes tokens, at a time.
 *
 * Without a name of the store, or without locks on the platform, the work runs at once. It also runs if the lock
 * is refused, or not granted within `ms`, because a suspended tab never releases its lock.
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
    // The lock was refused or came too late, or the work failed. `begin` returns the work in each case.
  }
  return begin();
}

import type { TokenSet } from "./tokens.ts";
import { unlessThrown } from "./unless-thrown.ts";

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

interface WebStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
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
  let storage: WebStorage | undefined;
  // The mere look at it throws where it is forbidden; Node may have one without methods.
  const found = () => {
    const there = unlessThrown(() => Reflect.get(globalThis, "localStorage"));
    storage ??= there?.getItem && there;
    return storage;
  };
  return {
    name: key,
    get: () => tokensIn(found()?.getItem(key) ?? null),
    set(tokens) {
      const there = found();
      if (!tokens) there?.removeItem(key);
      else if (there) there.setItem(key, JSON.stringify(tokens));
      else throw new Error("No localStorage: tokens are in memory alone");
    },
  };
}

/** Reads tokens that were written as JSON; what is none is no session. */
export function tokensIn(text: string | null): TokenSet | undefined {
  // Without a prototype: what every object inherits was not stored.
  const tokens = unlessThrown(() => Object.setPrototypeOf(JSON.parse(text ?? ""), null));
  return typeof tokens?.accessToken === "string" ? tokens : undefined;
}

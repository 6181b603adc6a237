interface Locks {
  request<T>(name: string, options: { readonly signal: AbortSignal }, work: () => T | Promise<T>): Promise<T>;
}

/**
 * Runs work alone of its kind, across all tabs, if the tokens have a name and the platform has locks (Web Locks).
 *
 * A lock that is refused, or not granted within `ms`, is gone on without: a suspended tab keeps its locks and
 * never ends its work.
 */
export async function alone<T>(
  kind: "refresh" | "change",
  name: string | undefined,
  ms: number,
  work: () => Promise<T>,
): Promise<T> {
  const locks: Locks | undefined = Reflect.get(globalThis, "navigator")?.locks;
  if (!name || !locks) return work();
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), ms);
  let begun = false;
  const begin = () => {
    begun = true;
    clearTimeout(timer);
    return work();
  };
  try {
    return await locks.request(`latchkey ${kind} ${name}`, { signal: waiting.signal }, begin);
  } catch (error) {
    if (begun) throw error;
    return begin();
  }
}

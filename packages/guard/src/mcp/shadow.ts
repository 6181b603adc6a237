/** Calls what a method did before it was shadowed. */
export type Original = (...args: readonly unknown[]) => unknown;

/**
 * Puts a method of ours in front of an object's own. The object's type says nothing of it: what is handed on
 * is what came in, so the SDK's own overloads go on to hold for its callers.
 *
 * @throws {Error} where there is no such method
 */
export function shadow(
  target: object,
  name: string,
  method: (original: Original, ...args: unknown[]) => unknown,
): void {
  const own: unknown = Reflect.get(target, name);
  if (typeof own !== "function") throw new Error(`guardTools: this is no server that it knows: no ${name}()`);
  const original: Original = (...args) => Reflect.apply(own, target, args);
  Object.defineProperty(target, name, {
    configurable: true,
    writable: true,
    value: (...args: unknown[]) => method(original, ...args),
  });
}

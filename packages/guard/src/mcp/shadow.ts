/** Calls a method as it was before {@link shadow} replaced it. */
export type Original = (...args: readonly unknown[]) => unknown;

/**
 * Puts a method of the guard in front of an object's own method. The object's type stays the same, because the guard
 * hands on the caller's arguments unchanged.
 *
 * @throws {Error} if the object does not have the method
 */
export function shadow(
  target: object,
  name: string,
  method: (original: Original, ...args: unknown[]) => unknown,
): void {
  const own: unknown = Reflect.get(target, name);
  if (typeof own !== "function") {
    throw new Error(`guardTools: unknown kind of server: it has no method ${name}()`);
  }
  const original: Original = (...args) => Reflect.apply(own, target, args);
  Object.defineProperty(target, name, {
    configurable: true,
    writable: true,
    value: (...args: unknown[]) => method(original, ...args),
  });
}

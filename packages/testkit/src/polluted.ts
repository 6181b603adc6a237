/**
 * Runs work while every object of the process inherits a member, as after a prototype pollution elsewhere in
 * the program.
 *
 * @param enumerable as an assignment makes it. Schema libraries then refuse every object, so tests of code
 * behind one hide the member from loops.
 */
export async function polluted<Result>(
  name: string,
  value: unknown,
  work: () => Result | Promise<Result>,
  enumerable = true,
): Promise<Result> {
  Object.defineProperty(Object.prototype, name, { value, configurable: true, enumerable, writable: true });
  try {
    return await work();
  } finally {
    Reflect.deleteProperty(Object.prototype, name);
  }
}

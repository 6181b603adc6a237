/**
 * The smallest value that at least the share `q` of the values does not exceed.
 *
 * @param q from 0 to 1
 */
export function quantile(values: readonly number[], q: number): number {
  const sorted = Float64Array.from(values).sort();
  const found = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
  if (found === undefined) throw new Error("a quantile needs at least one value");
  return found;
}

/** The quantile of one half. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The middle half of the values: their first and third quartile. */
export const middleHalf = (values: readonly number[]) =>
  [quantile(values, 0.25), quantile(values, 0.75)] as const;

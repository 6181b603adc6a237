/** A measured value of each group, all from one round in random order. */
export type Round<Group extends string> = ReadonlyMap<Group, number>;

/**
 * Friedman's test: the probability of ranks at least this different if all groups have the same distribution. The order
 * within a round is random and ranks are compared within it alone, so a machine that is busy for some rounds falsifies
 * nothing.
 *
 * @param groups an odd number: then the tail of the chi-squared distribution has a closed form
 */
export function friedman<Group extends string>(
  groups: readonly Group[],
  rounds: readonly Round<Group>[],
): number {
  const sums = new Map<Group, number>();
  for (const round of rounds) {
    const sorted = groups.toSorted(
      (one, other) => (round.get(one) ?? Number.NaN) - (round.get(other) ?? Number.NaN),
    );
    for (const [index, group] of sorted.entries()) sums.set(group, (sums.get(group) ?? 0) + index + 1);
  }
  const [many, count] = [rounds.length, groups.length];
  if (count % 2 === 0) throw new Error("an even number of groups");
  const squares = [...sums.values()].reduce((sum, each) => sum + each ** 2, 0);
  const statistic = (12 / (many * count * (count + 1))) * squares - 3 * many * (count + 1);
  let [term, sum] = [1, 0];
  for (let power = 1; power <= (count - 1) / 2; power++) {
    sum += term;
    term *= statistic / 2 / power;
  }
  return Math.exp(-statistic / 2) * sum;
}

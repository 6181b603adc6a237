/** A measured value of each group, all from one round in random order. */
export type Round<Group extends string> = Readonly<Record<Group, number>>;

/**
 * Friedman's test: the probability of ranks at least this different if all groups have the same distribution. The order
 * within a round is random and ranks are compared within it alone, so a machine that is busy for some rounds falsifies
 * nothing.
 *
 * @param groups five: then the chi-squared distribution has four degrees of freedom, and its tail a closed form
 */
export function friedman<Group extends string>(
  groups: readonly [Group, Group, Group, Group, Group],
  rounds: readonly Round<Group>[],
): number {
  const sums = new Map<Group, number>();
  for (const round of rounds) {
    const sorted = groups.toSorted((one, other) => round[one] - round[other]);
    for (const [index, group] of sorted.entries()) sums.set(group, (sums.get(group) ?? 0) + index + 1);
  }
  const [many, count] = [rounds.length, groups.length];
  const squares = [...sums.values()].reduce((sum, each) => sum + each ** 2, 0);
  const statistic = (12 / (many * count * (count + 1))) * squares - 3 * many * (count + 1);
  return Math.exp(-statistic / 2) * (1 + statistic / 2);
}

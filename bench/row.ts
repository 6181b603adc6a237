/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly figure: string;
  /** What the same machine can do at most, or the plainest program that does the same; from the same run. */
  readonly limit: string;
  readonly ratio: string;
  /** None where the row is there to be compared with another. */
  readonly goal?: string;
  readonly met?: boolean;
}

/** Long enough to trust, or just long enough to see that everything still runs. */
interface Pace {
  readonly quick: boolean;
}

/** Measures one or more lines. @throws where what was measured is not what was meant */
export type Measure = (pace: Pace) => Promise<readonly Row[]>;

/** The table in Markdown. */
export function tableOf(rows: readonly Row[]): string {
  const lines = [
    ["what", "figure", "limit in the same run", "ratio", "goal", "met"],
    ["---", "---", "---", "---", "---", "---"],
    ...rows.map(({ what, figure, limit, ratio, goal, met }) => [
      what,
      figure,
      limit,
      ratio,
      goal ?? "–",
      met === undefined ? "–" : met ? "yes" : "**no**",
    ]),
  ];
  return lines
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}

/** A number as people read it: `12,345` or `0.93`. */
export function shown(value: number, digits = value >= 100 ? 0 : 2): string {
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

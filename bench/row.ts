import { tableOf as markdownTable } from "./markdown-table.ts";

/** One row of the table. */
export interface Row {
  readonly what: string;
  readonly figure: string;
  /** The limit of the machine, or the simplest program with the same function, in the same run. */
  readonly limit: string;
  readonly ratio: string;
  /** Undefined if the row is only compared with another one. */
  readonly goal?: string;
  readonly met?: boolean;
}

/** Quick runs only check that everything works; their figures are unreliable. */
interface Pace {
  readonly quick: boolean;
  /** The folder of another checkout, with built packages, for the row `against`. */
  readonly against?: string | undefined;
}

/** Measures one or more rows. @throws if the measurement is invalid */
export type Measure = (pace: Pace) => Promise<readonly Row[]>;

/** The table in Markdown. */
export function tableOf(rows: readonly Row[]): string {
  return markdownTable(
    ["what", "figure", "limit in the same run", "ratio", "goal", "met"],
    rows.map(({ what, figure, limit, ratio, goal, met }) => [
      what,
      figure,
      limit,
      ratio,
      goal ?? "–",
      met === undefined ? "–" : met ? "yes" : "**no**",
    ]),
  );
}

/** Formats a number, such as `12,345` or `0.93`. */
export function shown(value: number, digits = value >= 100 ? 0 : 2): string {
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

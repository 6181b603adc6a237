import { cpus, release, totalmem } from "node:os";
import { machine } from "../processors.ts";
import { median, quantile } from "../quantiles.ts";
import type { RowId } from "./contestant.ts";

/** The rounds of one figure of one product. */
export interface Spread {
  readonly median: number;
  /** First and third quartile. */
  readonly quartiles: readonly [number, number];
  readonly rounds: readonly number[];
}

/** One figure that is measured in a row, such as the rate or the processor time. */
export interface Column {
  readonly name: string;
  readonly unit: string;
}

/** A row of the comparison: the products in their order, each with a spread for each column. */
export interface ResultRow {
  readonly id: RowId;
  readonly title: string;
  /** How it was measured. */
  readonly how: string;
  /** Which values of the first column are better. */
  readonly better: "more" | "less";
  readonly columns: readonly Column[];
  /** The spreads of a product, in the order of the columns, by its id. Null: the product has no such figure. */
  readonly values: Readonly<Record<string, readonly (Spread | null)[]>>;
  /** What the machine can do at most, in the same rounds, in the order of the columns. */
  readonly limit?: { readonly name: string; readonly values: readonly (Spread | null)[] };
}

/** One whole run. `docs/performance.md` and its pictures are made from it. */
export interface Results {
  readonly date: string;
  readonly machine: readonly string[];
  readonly contestants: readonly {
    readonly id: string;
    readonly name: string;
    readonly version: string;
    readonly configuration: string;
    readonly leavesOut: Readonly<Partial<Record<RowId, string>>>;
  }[];
  readonly rows: readonly ResultRow[];
}

/** The spread of some rounds; null without rounds. */
export function spreadOf(rounds: readonly number[]): Spread | null {
  if (rounds.length === 0) return null;
  return { median: median(rounds), quartiles: [quantile(rounds, 0.25), quantile(rounds, 0.75)], rounds };
}

/** What a reader needs to know of the machine. */
export function machineLines(): readonly string[] {
  const [processor] = cpus();
  return [
    `${processor?.model ?? "unknown processor"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`,
    machine(),
  ];
}

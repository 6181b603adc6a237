import { runTask } from "../children.ts";
import type { MemoryReport } from "../remember-tokens.ts";
import { type Row, shown } from "../row.ts";

const script = new URL("../remember-tokens.ts", import.meta.url);
const goal = 1.1;

/** The memory of a guard after very many distinct tokens. */
export async function memory(quick: boolean): Promise<readonly Row[]> {
  const total = quick ? 100_000 : 1_000_000;
  const environment = { NODE_OPTIONS: "--expose-gc" };
  const report = await runTask<MemoryReport>({ script, environment, processor: "any" }, total, 1_800);
  const ratio = report.after / report.full;
  return [
    {
      what: `guard: memory in use after ${shown(total, 0)} distinct tokens`,
      figure: `${shown(report.after / 1e6, 1)} MB`,
      limit: `${shown(report.full / 1e6, 1)} MB: after 50,000, five times the size of its cache`,
      ratio: shown(ratio),
      goal: `≤ ${goal}`,
      met: ratio <= goal,
    },
  ];
}

import type { CheckPlan, CheckReport } from "../check-tokens.ts";
import { runTask } from "../children.ts";
import { median } from "../quantiles.ts";
import { type Row, shown } from "../row.ts";

const script = new URL("../check-tokens.ts", import.meta.url);
/** Beside the signature, a new token costs the guard a principal, its freezing and a place in the cache. */
const goal = { seen: 50, fresh: 1 } as const;

/** The checks per second of a guard, compared with `jose.jwtVerify` on the same kind of tokens. */
export async function checks(quick: boolean): Promise<readonly Row[]> {
  const plan: CheckPlan = quick ? { seen: 200_000, fresh: 1_000 } : { seen: 1_000_000, fresh: 5_000 };
  const reports: CheckReport[] = [];
  while (reports.length < (quick ? 3 : 9)) {
    reports.push(await runTask<CheckReport>({ script, processor: 0 }, plan, 120));
  }
  const of = (name: keyof CheckReport) => median(reports.map((report) => report[name]));
  const limit = `${shown(of("jose"), 0)}/s: jose.jwtVerify`;
  return (["seen", "fresh"] as const).map((name) => {
    const ratio = median(reports.map((report) => report[name] / report.jose));
    return {
      what: `guard: checks of a ${name === "seen" ? "token seen before" : "new token"}, one processor`,
      figure: `${shown(of(name), 0)}/s`,
      limit,
      ratio: shown(ratio),
      goal: `≥ ${goal[name]}`,
      met: ratio >= goal[name],
    };
  });
}

import type { LogoutPlan, LogoutReport } from "../await-refusals.ts";
import type { CheckPlan, CheckReport } from "../check-tokens.ts";
import { runTask } from "../children.ts";
import { median, quantile } from "../quantiles.ts";
import type { MemoryReport } from "../remember-tokens.ts";
import { signIn } from "../requests.ts";
import { type Measure, type Row, shown } from "../row.ts";
import { scratchFolder, startLatchkey } from "../service.ts";

/** The cost of a guard for every call, and its delay after a logout. */
export const guard: Measure = async ({ quick }) => [
  ...(await checks(quick)),
  ...(await memory(quick)),
  ...(await logout(quick)),
];

const checkScript = new URL("../check-tokens.ts", import.meta.url);
/** Beside the signature, a new token costs the guard a principal, its freezing and a place in the cache. */
const checkGoal = { seen: 50, fresh: 1 } as const;

/** The checks per second of a guard, compared with `jose.jwtVerify` on the same kind of tokens. */
async function checks(quick: boolean): Promise<readonly Row[]> {
  const plan: CheckPlan = quick ? { seen: 50_000, fresh: 500 } : { seen: 1_000_000, fresh: 5_000 };
  const reports: CheckReport[] = [];
  while (reports.length < (quick ? 3 : 9)) {
    reports.push(await runTask<CheckReport>({ script: checkScript, processor: 0 }, plan, 120));
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
      goal: `≥ ${checkGoal[name]}`,
      met: ratio >= checkGoal[name],
    };
  });
}

const memoryScript = new URL("../remember-tokens.ts", import.meta.url);
const memoryGoal = 1.1;

/** The memory of a guard after very many distinct tokens. */
async function memory(quick: boolean): Promise<readonly Row[]> {
  const total = quick ? 60_000 : 1_000_000;
  const environment = { NODE_OPTIONS: "--expose-gc" };
  const report = await runTask<MemoryReport>(
    { script: memoryScript, environment, processor: "any" },
    total,
    1_800,
  );
  const ratio = report.after / report.full;
  return [
    {
      what: `guard: memory in use after ${shown(total, 0)} distinct tokens`,
      figure: `${shown(report.after / 1e6, 1)} MB`,
      limit: `${shown(report.full / 1e6, 1)} MB: after 50,000, five times the size of its cache`,
      ratio: shown(ratio),
      goal: `≤ ${memoryGoal}`,
      met: ratio <= memoryGoal,
    },
  ];
}

const logoutScript = new URL("../await-refusals.ts", import.meta.url);
/** In milliseconds. */
const logoutGoal = 100;

/** The time from the response to a logout until a guard in another process refuses the token. */
async function logout(quick: boolean): Promise<readonly Row[]> {
  using folder = scratchFolder();
  const settings = {
    LATCHKEY_HASH_MEMORY: "64",
    LATCHKEY_HASH_ITERATIONS: "1",
    LATCHKEY_ALLOW_INSECURE: "hash",
  };
  await using server = await startLatchkey({ folder: folder.path, processor: 0, settings });
  const signedIn = await signIn(server.port, quick ? 200 : 2_000);
  const plan: LogoutPlan = {
    baseURL: `http://127.0.0.1:${server.port}`,
    tokens: signedIn.map((tokens) => tokens.access_token),
  };
  const report = await runTask<LogoutReport>({ script: logoutScript, processor: 1 }, plan, 300);
  const [p50, p99, limit] = [
    quantile(report.refused, 0.5),
    quantile(report.refused, 0.99),
    quantile(report.logout, 0.99),
  ];
  return [
    {
      what: "guard: from the response to a logout until another process refuses the token, p99",
      figure: `${shown(p99)} ms (median ${shown(p50)} ms)`,
      limit: `${shown(limit)} ms: the logout itself, p99`,
      ratio: shown(p99 / limit),
      goal: `< ${logoutGoal} ms`,
      met: p99 < logoutGoal,
    },
  ];
}

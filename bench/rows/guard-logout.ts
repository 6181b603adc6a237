import type { LogoutPlan, LogoutReport } from "../await-refusals.ts";
import { runTask } from "../children.ts";
import { quantile } from "../quantiles.ts";
import { signIn } from "../requests.ts";
import { type Row, shown } from "../row.ts";
import { scratchFolder, startLatchkey } from "../service.ts";

const script = new URL("../await-refusals.ts", import.meta.url);
/** In milliseconds. */
const goal = 100;

/** The time from the response to a logout until a guard in another process refuses the token. */
export async function logout(quick: boolean): Promise<readonly Row[]> {
  using folder = scratchFolder();
  const settings = { LATCHKEY_HASH_MEMORY: "64", LATCHKEY_HASH_ITERATIONS: "1" };
  await using server = await startLatchkey({ folder: folder.path, processor: 0, settings });
  const signedIn = await signIn(server.port, quick ? 200 : 2_000);
  const plan: LogoutPlan = {
    baseURL: `http://127.0.0.1:${server.port}`,
    tokens: signedIn.map((tokens) => tokens.access_token),
  };
  const report = await runTask<LogoutReport>({ script, processor: 1 }, plan, 300);
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
      goal: `< ${goal} ms`,
      met: p99 < goal,
    },
  ];
}

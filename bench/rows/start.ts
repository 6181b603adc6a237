import { median } from "../quantiles.ts";
import { signIn } from "../requests.ts";
import { type Measure, type Row, shown } from "../row.ts";
import { scratchFolder, startLatchkey, startService } from "../service.ts";

const goal = 1000;

/** The time from the start of the process to the response to the first login. */
export const start: Measure = async ({ quick }) => {
  const times = quick ? 2 : 9;
  using folder = scratchFolder();
  const first: number[] = [];
  const later: number[] = [];
  const bare: number[] = [];
  for (let time = 0; time < times; time++) {
    first.push(await loginAfterStart(folder.path, `${time}.db`));
    later.push(await loginAfterStart(folder.path, `${time}.db`));
    bare.push(await bareStart(folder.path));
  }
  const row = (what: string, measured: readonly number[]): Row => ({
    what,
    figure: `${shown(median(measured), 0)} ms (worst ${shown(Math.max(...measured), 0)} ms)`,
    limit: `${shown(median(bare), 0)} ms: bare node:http listens`,
    ratio: shown(median(measured) / median(bare), 1),
    goal: `< ${shown(goal, 0)} ms`,
    met: median(measured) < goal,
  });
  return [
    row("start to first login, existing database", later),
    row("start to first login, new database", first),
  ];
};

async function loginAfterStart(folder: string, database: string): Promise<number> {
  const since = performance.now();
  await using server = await startLatchkey({ folder, database, processor: 0 });
  await signIn(server.port, 1);
  return performance.now() - since;
}

async function bareStart(folder: string): Promise<number> {
  const since = performance.now();
  await using _peer = await startService(folder, {
    script: new URL("../bare-http.ts", import.meta.url),
    processor: 0,
  });
  return performance.now() - since;
}

import { median } from "../quantiles.ts";
import { signIn } from "../requests.ts";
import { type Measure, type Row, shown } from "../row.ts";
import { builtCommand, ownCommand, scratchFolder, startLatchkey, startService } from "../service.ts";

/** In milliseconds, on an existing database. */
const goals = { package: 350, checkout: 500 };

/** The time from the start of the process to the response to the first login. */
export const start: Measure = async ({ quick }) => {
  const times = quick ? 2 : 9;
  using folder = scratchFolder();
  const measured: Record<Started, number[]> = { bare: [], existing: [], fresh: [], checkout: [] };
  for (let time = 0; time < times; time++) {
    measured.fresh.push(await loginAfterStart(folder.path, `${time}.db`, builtCommand));
    measured.existing.push(await loginAfterStart(folder.path, `${time}.db`, builtCommand));
    measured.checkout.push(await loginAfterStart(folder.path, `${time}.db`, ownCommand));
    measured.bare.push(await bareStart(folder.path));
  }
  const row = (what: string, started: Started, goal?: number): Row => {
    const [half, worst] = [median(measured[started]), Math.max(...measured[started])];
    return {
      what: `start to first login, ${what}`,
      figure: `${shown(half, 0)} ms (worst ${shown(worst, 0)} ms)`,
      limit: `${shown(median(measured.bare), 0)} ms: bare node:http listens`,
      ratio: shown(half / median(measured.bare), 1),
      ...(goal !== undefined && { goal: `< ${shown(goal, 0)} ms`, met: half < goal }),
    };
  };
  return [
    row("package, existing database", "existing", goals.package),
    row("package, new database", "fresh"),
    row("checkout, existing database", "checkout", goals.checkout),
  ];
};

type Started = "bare" | "existing" | "fresh" | "checkout";

async function loginAfterStart(folder: string, database: string, script: URL): Promise<number> {
  const since = performance.now();
  await using server = await startLatchkey({ folder, database, script, processor: "any" });
  await signIn(server.port, 1);
  return performance.now() - since;
}

async function bareStart(folder: string): Promise<number> {
  const since = performance.now();
  await using _peer = await startService(folder, {
    script: new URL("../bare-http.ts", import.meta.url),
    processor: "any",
  });
  return performance.now() - since;
}

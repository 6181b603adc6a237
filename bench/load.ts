import { text } from "node:stream/consumers";
import { Connection } from "./connection.ts";
import type { LoadPlan, LoadReport } from "./load-plan.ts";
import { sendPaced } from "./paced.ts";
import { processorSeconds } from "./process-figures.ts";
import { quantile } from "./quantiles.ts";
import { sendRefreshes, sendRepeatedly, type Tally } from "./traffic.ts";

/** The load generator: reads a plan from standard input, makes the load, reports on standard output. */
async function makeLoad({ port, connections, seconds, traffic, watched }: LoadPlan): Promise<LoadReport> {
  const open = await Promise.all(Array.from({ length: connections }, () => Connection.open(port)));
  const statuses = new Map<number, number>();
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + seconds * 1000;
  const tally: Tally = {
    end,
    count(status, since) {
      const now = performance.now();
      // What is answered after the end belongs to no second that is counted, unless it had a time to leave.
      if (now > end && traffic.kind !== "paced") return;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      latencies.push(now - since);
    },
  };
  let tokens: readonly string[] = [];
  const before = processorSeconds(watched);
  const atEnd = new Promise<number>((resolve) =>
    setTimeout(() => resolve(processorSeconds(watched)), seconds * 1000),
  );
  if (traffic.kind === "repeat") await sendRepeatedly(open, traffic, tally);
  else if (traffic.kind === "paced") await sendPaced(open, traffic, tally);
  else tokens = await sendRefreshes(open, traffic.tokens, tally);
  const watchedSeconds = (await atEnd) - before;
  for (const connection of open) connection.close();
  return {
    statuses: Object.fromEntries(statuses),
    seconds,
    watchedSeconds,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    tokens,
  };
}

const report = await makeLoad(JSON.parse(await text(process.stdin)));
process.stdout.write(JSON.stringify(report));

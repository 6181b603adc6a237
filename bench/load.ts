import { text } from "node:stream/consumers";
import { Connection } from "./connection.ts";
import { sendPaced } from "./paced.ts";
import { processorSeconds } from "./process-figures.ts";
import { quantile } from "./quantiles.ts";
import { sendOnce, sendRefreshes, sendRepeatedly, type Tally, type Traffic } from "./traffic.ts";

/** The plan for a load generator. */
export interface LoadPlan {
  readonly port: number;
  readonly connections: number;
  /** The duration. Requests that are sent once take as long as they take. */
  readonly seconds: number;
  readonly traffic: Traffic;
  /** The ids of the processes with the measured processor time. */
  readonly watched: readonly number[];
}

/** The report of a load generator. */
export interface LoadReport {
  /** The number of responses with each status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** The processor time of the watched processes during the load, in seconds. */
  readonly watchedSeconds: number;
  /** Latency in milliseconds; 0 without a response. For paced traffic it starts at the planned time of the request. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** The last refresh token of each connection, for the next round. */
  readonly tokens: readonly string[];
}

/** Makes the load of a plan. */
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
      // A response after the end is outside the measured seconds, unless its request was planned.
      if (now > end && (traffic.kind === "repeat" || traffic.kind === "refresh")) return;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      latencies.push(now - since);
    },
  };
  let tokens: readonly string[] = [];
  const used = () => watched.reduce((sum, pid) => sum + processorSeconds(pid), 0);
  const before = used();
  const isTimed = traffic.kind !== "once";
  const atEnd =
    isTimed && new Promise<number>((resolve) => setTimeout(() => resolve(used()), seconds * 1000));
  if (traffic.kind === "repeat") await sendRepeatedly(open, traffic, tally);
  else if (traffic.kind === "paced") await sendPaced(open, traffic, tally);
  else if (traffic.kind === "once") await sendOnce(open, traffic, tally);
  else tokens = await sendRefreshes(open, traffic, tally);
  const taken = isTimed ? seconds : (performance.now() - start) / 1000;
  const watchedSeconds = (atEnd ? await atEnd : used()) - before;
  for (const connection of open) connection.close();
  const latency = (q: number) => (latencies.length === 0 ? 0 : quantile(latencies, q));
  return {
    statuses: Object.fromEntries(statuses),
    seconds: taken,
    watchedSeconds,
    p50: latency(0.5),
    p99: latency(0.99),
    p999: latency(0.999),
    tokens,
  };
}

const report = await makeLoad(JSON.parse(await text(process.stdin)));
process.stdout.write(JSON.stringify(report));

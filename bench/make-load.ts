import { runTask } from "./children.ts";
import type { LoadPlan, LoadReport } from "./load.ts";
import type { Processor } from "./processors.ts";
import type { Service } from "./service.ts";
import type { Traffic } from "./traffic.ts";

export interface Load {
  readonly connections: number;
  readonly seconds: number;
  readonly traffic: Traffic;
  /** Default: 1. */
  readonly processor?: Processor;
  /** The ids of the processes with the measured processor time. Default: that of the service. */
  readonly watched?: readonly number[];
  /** The extra time for the load to connect and to finish, in seconds. Default: 20. */
  readonly slack?: number;
  /** The expected statuses. Any other one invalidates the measurement. */
  readonly expected: readonly number[];
}

export interface LoadResult extends LoadReport {
  /** Responses per second. */
  readonly rate: number;
  /** The processor time of the server, as a share of one processor. */
  readonly busy: number;
  /** Processor time of the server for one response, in microseconds. */
  readonly cost: number;
}

/** Makes a load in a separate process. @throws if a response has an unexpected status */
export async function makeLoad(service: Service, load: Load): Promise<LoadResult> {
  const {
    connections,
    seconds,
    traffic,
    processor = 1,
    expected,
    watched = [service.pid],
    slack = 20,
  } = load;
  const plan: LoadPlan = { port: service.port, watched, connections, seconds, traffic };
  const script = new URL("./load.ts", import.meta.url);
  const report = await runTask<LoadReport>({ script, processor }, plan, seconds + slack);
  const unexpected = Object.keys(report.statuses).filter((status) => !expected.includes(Number(status)));
  if (unexpected.length > 0) {
    throw new Error(`expected only ${expected.join(", ")}: ${JSON.stringify(report.statuses)}`);
  }
  const answers = Object.values(report.statuses).reduce((sum, count) => sum + count, 0);
  return {
    ...report,
    rate: answers / report.seconds,
    busy: report.watchedSeconds / report.seconds,
    cost: (report.watchedSeconds / answers) * 1e6,
  };
}

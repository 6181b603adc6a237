import { runTask } from "./children.ts";
import type { LoadPlan, LoadReport, Traffic } from "./load-plan.ts";
import type { Processor } from "./processors.ts";
import type { Service } from "./service.ts";

/** Seconds beyond the planned ones that a load may take to connect and to finish. */
const slack = 20;

export interface Load {
  readonly connections: number;
  readonly seconds: number;
  readonly traffic: Traffic;
  /** Default: 1. */
  readonly processor?: Processor;
  /** The statuses that the load is meant to get; any other makes the measurement worthless. */
  readonly expected: readonly number[];
}

export interface LoadResult extends LoadReport {
  /** Answers per second. */
  readonly rate: number;
  /** How busy the server was, as a share of one processor. */
  readonly busy: number;
  /** Processor time of the server for one answer, in microseconds. */
  readonly cost: number;
}

/** Makes a load from a process of its own. @throws where an answer has a status that was not expected */
export async function makeLoad(service: Service, load: Load): Promise<LoadResult> {
  const { connections, seconds, traffic, processor = 1, expected } = load;
  const plan: LoadPlan = { port: service.port, watched: service.pid, connections, seconds, traffic };
  const script = new URL("./load.ts", import.meta.url);
  const report = await runTask<LoadReport>({ script, processor }, plan, seconds + slack);
  const unexpected = Object.keys(report.statuses).filter((status) => !expected.includes(Number(status)));
  if (unexpected.length > 0) {
    throw new Error(`expected only ${expected.join(", ")}: ${JSON.stringify(report.statuses)}`);
  }
  const answers = Object.values(report.statuses).reduce((sum, count) => sum + count, 0);
  return {
    ...report,
    rate: answers / seconds,
    busy: report.watchedSeconds / seconds,
    cost: (report.watchedSeconds / answers) * 1e6,
  };
}

import { spawnSync } from "node:child_process";
import { availableParallelism, loadavg } from "node:os";

/** Where a process runs: what is measured on 0, what measures on 1, or wherever there is room. */
export type Processor = 0 | 1 | "any";

const taskset = "taskset";

const runsOn = (processor: number) =>
  spawnSync(taskset, ["-c", String(processor), "true"], { stdio: "ignore" }).status === 0;

/** Whether a process can be kept on one processor: there are two of them, and `taskset`. */
const canPin = availableParallelism() >= 2 && runsOn(0) && runsOn(1);

/** The command line that runs `command` on a processor, or unpinned where that cannot be done. */
export function pinned(processor: Processor, command: readonly string[]): readonly string[] {
  return processor === "any" || !canPin ? command : [taskset, "-c", String(processor), ...command];
}

/** One line about the machine, how busy others kept it before, and what could not be arranged on it. */
export function machine(): string {
  const processors = availableParallelism();
  const size = `${processors} processor${processors === 1 ? "" : "s"}`;
  const place = canPin
    ? "what is measured is on processor 0, the load on processor 1, unless a row says otherwise"
    : `NOT pinned: ${processors < 2 ? "the load shares the only processor" : "there is no taskset"}, so ratios are worth little`;
  const [minute = 0] = loadavg();
  const quiet = minute < 0.5 ? "" : ": NOT idle, so measure again";
  return `Node ${process.version}, ${size}, load ${minute.toFixed(2)} before the start${quiet}; ${place}.`;
}

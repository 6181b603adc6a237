import { spawnSync } from "node:child_process";
import { availableParallelism, loadavg } from "node:os";

/** The processor of a process: 0 for the measured program, 1 for the load, or any. */
export type Processor = 0 | 1 | "any";

const taskset = "taskset";

const runsOn = (processor: number) =>
  spawnSync(taskset, ["-c", String(processor), "true"], { stdio: "ignore" }).status === 0;

/** Whether processes can be pinned. That needs two processors and `taskset`. */
const canPin = availableParallelism() >= 2 && runsOn(0) && runsOn(1);

/** Pins a command line to a processor, if that is possible. */
export function pinned(processor: Processor, command: readonly string[]): readonly string[] {
  return processor === "any" || !canPin ? command : [taskset, "-c", String(processor), ...command];
}

/** Moves a running process to a processor, if that is possible. The processes that it starts follow. */
export function pinRunning(pid: number, processor: 0 | 1): void {
  if (canPin) spawnSync(taskset, ["-a", "-c", "-p", String(processor), String(pid)], { stdio: "ignore" });
}

/** One line about the machine: its size, its load before the start, and whether processes are pinned. */
export function machine(): string {
  const processors = availableParallelism();
  const size = `${processors} processor${processors === 1 ? "" : "s"}`;
  const pinning = canPin
    ? "the measured program is on processor 0 and the load on processor 1, unless a row says otherwise"
    : `NOT pinned: ${processors < 2 ? "the load shares the only processor" : "taskset is missing"}, so the ratios are unreliable`;
  const [minute = 0] = loadavg();
  const quiet = minute < 0.5 ? "" : ": NOT idle, so measure again";
  return `Node ${process.version}, ${size}, load ${minute.toFixed(2)} before the start${quiet}; ${pinning}.`;
}

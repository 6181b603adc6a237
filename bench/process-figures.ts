import { readFileSync } from "node:fs";

/** Linux reports processor time in hundredths of a second, independent of the kernel configuration. */
const ticksPerSecond = 100;

/** The processes that a process has started, and theirs, with itself. */
export function processTree(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return [
    pid,
    ...(children === "" ? [] : children.split(" ").flatMap((child) => processTree(Number(child)))),
  ];
}

/** The processor time of all threads of a process, in seconds, from `/proc`. */
export function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name of the program is in brackets and may contain spaces.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** The resident memory of a process in bytes, from `/proc`. */
export function residentBytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  if (kilobytes === undefined) throw new Error(`no VmRSS of process ${pid}`);
  return Number(kilobytes) * 1024;
}

/** The processor time of the main thread of a process, in milliseconds, from `/proc`. */
export function mainThreadMilliseconds(pid: number): number {
  const [nanoseconds] = readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ");
  return Number(nanoseconds) / 1e6;
}

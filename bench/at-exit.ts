import { writeFileSync } from "node:fs";

/** What a process has used in its whole life. */
export interface Usage {
  /** The most resident memory, in bytes. */
  readonly peak: number;
  /** Processor time of all threads, in seconds. */
  readonly seconds: number;
}

/** Preloaded by `--import`: writes the usage of the process into the file of the variable `USAGE` when it ends. */
const file = process.env["USAGE"];
if (file !== undefined)
  process.once("exit", () => {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    const usage: Usage = { peak: maxRSS * 1024, seconds: (userCPUTime + systemCPUTime) / 1e6 };
    writeFileSync(file, JSON.stringify(usage));
  });

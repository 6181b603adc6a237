import { closeSync, constants, openSync } from "node:fs";
import sonic, { type SonicBoom } from "sonic-boom";

/** Bytes of unwritten lines that are kept in memory. Further lines are lost and counted. */
const maxHeldBack = 4 * 1024 * 1024;

/** Time between two attempts to write after a failure, in milliseconds. */
const retryEvery = 1000;

/** Time that unwritten lines get at the end of the process, in milliseconds. */
const closeTimeout = 1000;

/** How the log ended: a write that hangs in the kernel keeps `process.exit` from finishing. */
export type LogEnd = "written" | "lost" | "hanging";

/** Standard output as a log destination. A failed or slow write delays lines, and never the process. */
export interface LogDestination {
  write(line: string): void;
  /** Lines that were dropped since the start. */
  lost(): number;
  /** Resolves when the lines so far are written, after one second at the latest. */
  flush(): Promise<LogEnd>;
  /** Writes the held lines, for one second at most. */
  close(): Promise<LogEnd>;
}

/**
 * An asynchronous writer with a bounded buffer. After an error (`ENOSPC`, `EDQUOT`, `EIO`, `EPIPE`) the buffer
 * stays, and the write is attempted again every second. pino's own destination throws such an error, and then
 * repeats the write in an exit hook for ever.
 *
 * @param recovered called when all lines are written again, with the number of lines lost since the last call
 */
export function openDestination(recovered: (lost: number) => void): LogDestination {
  let closing = false;
  let lost = 0;
  let told = 0;
  let retryPlanned = false;
  const { fd, dispose } = outputDescriptor();
  const output = new sonic.SonicBoom({
    fd,
    sync: false,
    minLength: 1,
    maxLength: maxHeldBack,
    retryEAGAIN: () => !closing,
  });
  output.on("drop", () => {
    lost++;
  });
  output.on("error", () => {
    if (closing || retryPlanned) return;
    retryPlanned = true;
    setTimeout(() => {
      retryPlanned = false;
      output.flush();
    }, retryEvery).unref();
  });
  output.on("drain", () => {
    if (lost === told) return;
    recovered(lost - told);
    told = lost;
  });
  return {
    write: (line) => void output.write(line),
    lost: () => lost,
    flush: () => settledWithin(closeTimeout, output),
    async close() {
      const first = await settledWithin(closeTimeout, output);
      if (first !== "hanging") return first;
      // A full pipe answers every attempt with EAGAIN. The next attempt is the last one.
      closing = true;
      const last = await settledWithin(closeTimeout / 2, output);
      dispose();
      return last;
    },
  };
}

/** Flushes, and tells how that ended. The timer holds the process, which would otherwise wait without a bound. */
function settledWithin(ms: number, output: SonicBoom): Promise<LogEnd> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve("hanging"), ms);
    output.flush((error) => {
      clearTimeout(timer);
      resolve(error ? "lost" : "written");
    });
  });
}

/**
 * A descriptor that does not block. Node sets `O_NONBLOCK` on a pipe or socket when `process.stdout` is made.
 * A terminal blocks while its output is suspended (Ctrl-S), so it is opened once more.
 */
function outputDescriptor(): { readonly fd: number; dispose(): void } {
  const standard = { fd: 1, dispose: () => {} };
  if (!process.stdout.isTTY) return standard;
  try {
    const fd = openSync("/proc/self/fd/1", constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    return { fd, dispose: () => closeSync(fd) };
  } catch {
    return standard;
  }
}

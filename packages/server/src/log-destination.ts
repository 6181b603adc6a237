import { closeSync, constants, openSync } from "node:fs";
import sonic, { type SonicBoom } from "sonic-boom";

/** Limit of unwritten bytes in memory. Further lines are dropped and counted. */
const maxBuffered = 4 * 1024 * 1024;

/** Milliseconds between two attempts to write after a failure. */
const retryInterval = 1000;

/** How long the end of the process waits for unwritten lines, in milliseconds. */
const closeTimeout = 1000;

/** The outcome of a flush. After `hanging`, `process.exit` would wait for a write in the kernel. */
export type LogEnd = "written" | "lost" | "hanging";

/** Standard output as a log destination. A failed or slow write delays lines, never the process. */
export type LogDestination = ReturnType<typeof openDestination>;

/**
 * An asynchronous writer with a bounded buffer. After an error (`ENOSPC`, `EDQUOT`, `EIO`, `EPIPE`) it keeps the buffer
 * and retries the write every second. pino's own destination throws such an error, and then repeats the write in an
 * exit hook without end.
 *
 * @param recovered called after an outage when the buffer is written, with the number of lines lost in it
 */
export function openDestination(recovered: (lost: number) => void) {
  let closing = false;
  let lost = 0;
  let reported = 0;
  let retryPlanned = false;
  const { fd, dispose } = outputDescriptor();
  const output = new sonic.SonicBoom({
    fd,
    sync: false,
    minLength: 1,
    maxLength: maxBuffered,
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
    }, retryInterval).unref();
  });
  output.on("drain", () => {
    if (lost === reported) return;
    recovered(lost - reported);
    reported = lost;
  });
  return {
    write: (line: string): void => void output.write(line),
    /** Number of dropped lines since the start. */
    lost: (): number => lost,
    /** Resolves when the lines so far are written, after one second at the latest. */
    flush: () => flushWithin(closeTimeout, output),
    /** Writes the held lines, for one second at most. */
    async close(): Promise<LogEnd> {
      const first = await flushWithin(closeTimeout, output);
      if (first !== "hanging") return first;
      // A full pipe answers every attempt with EAGAIN. The next attempt is the last one.
      closing = true;
      const last = await flushWithin(closeTimeout / 2, output);
      dispose();
      return last;
    },
  };
}

/** Flushes for at most `ms` milliseconds. Without the timer, a write that hangs would have no bound. */
function flushWithin(ms: number, output: SonicBoom): Promise<LogEnd> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve("hanging"), ms);
    output.flush((error) => {
      clearTimeout(timer);
      resolve(error ? "lost" : "written");
    });
  });
}

/**
 * A descriptor that does not block. Node sets `O_NONBLOCK` on a pipe or socket when it creates `process.stdout`.
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

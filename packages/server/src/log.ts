import { type Logger, pino, stdTimeFunctions } from "pino";
import type { Config } from "./config.ts";
import { visible, visibleLines } from "./visible.ts";

export type Log = Logger;

/** Lines that nobody reads are dropped beyond this many bytes: a stuck reader must not fill the memory. */
const maxHeldBack = 4 * 1024 * 1024;

/**
 * The server's log: JSON lines on standard output, pretty on a terminal. Nothing is handed to it that
 * could hold a password or a token: requests are told by route and status, refusals by their reason.
 */
export async function openLog(level: Config["logLevel"]): Promise<Log> {
  const options = { level, base: null, timestamp: stdTimeFunctions.isoTime };
  if (!process.stdout.isTTY) {
    // With no least length, flushing would answer at once, written or not.
    const destination = { dest: 1, sync: false, minLength: 1, maxLength: maxHeldBack };
    return pino(options, pino.destination(destination));
  }
  const { default: pretty } = await import("pino-pretty");
  const terminal = pretty({ sync: true, translateTime: "SYS:HH:MM:ss", singleLine: true });
  return pino(options, { write: (line: string) => void terminal.write(shown(line)) });
}

/** A line whose texts cannot steer the terminal. The colours are added after this. */
function shown(line: string): string {
  const safe: unknown = JSON.parse(line, (name, value: unknown) => {
    if (typeof value !== "string") return value;
    return name === "stack" ? visibleLines(value) : visible(value);
  });
  return `${JSON.stringify(safe)}\n`;
}

/**
 * Writes out what the log holds back.
 *
 * @returns false where nobody read it within a second
 */
export function flushLog(log: Log): Promise<boolean> {
  return new Promise((resolve) => {
    // It must hold the process: one that ends by itself waits for the reader again, and without a bound.
    const unread = setTimeout(() => resolve(false), 1000);
    log.flush(() => {
      clearTimeout(unread);
      resolve(true);
    });
  });
}

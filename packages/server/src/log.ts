import { type Logger, pino, stdTimeFunctions } from "pino";
import type { Config } from "./config/config.ts";
import { type LogDestination, openDestination } from "./log-destination.ts";
import { visible, visibleLines } from "./terminal.ts";

/** pino's logger. */
export type Log = Logger;

/** The server's log and its destination. */
export type OpenLog = Awaited<ReturnType<typeof openLog>>;

/**
 * Opens the server's log: JSON lines on standard output, pretty on a terminal. Every line names the replica. Callers log
 * requests by route and status, and refusals by their reason, so no password and no token reaches it.
 */
export async function openLog({ logLevel: level, replica }: Pick<Config, "logLevel" | "replica">) {
  const options = { level, base: { replica }, timestamp: stdTimeFunctions.isoTime };
  const destination = openDestination((lines) => log.warn({ lines }, "log lines were lost"));
  const shown = process.stdout.isTTY ? await prettyOn(destination) : destination;
  const log: Log = pino(options, shown);
  const { lost, flush, close } = destination;
  return { log, lost, flush, close };
}

async function prettyOn(destination: LogDestination): Promise<Pick<LogDestination, "write">> {
  const { prettyFactory } = await import("pino-pretty");
  const pretty = prettyFactory({ translateTime: "SYS:HH:MM:ss", singleLine: true });
  return { write: (line) => destination.write(pretty(safeLine(line))) };
}

/** A line with unsafe characters escaped. The colours, which are escapes too, are added after this. */
function safeLine(line: string): string {
  const safe: unknown = JSON.parse(line, (name, value: unknown) => {
    if (typeof value !== "string") return value;
    return name === "stack" ? visibleLines(value) : visible(value);
  });
  return `${JSON.stringify(safe)}\n`;
}

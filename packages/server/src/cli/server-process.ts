import { flushCompileCache } from "node:module";
import type { Config } from "../config/config.ts";
import { serviceLinks, unknownVariables } from "../config/environment.ts";
import type { People } from "../core/people/people.ts";
import { type Log, type OpenLog, openLog } from "../log.ts";
import { type Server, startServer } from "../server.ts";
import { visibleLines } from "../terminal.ts";
import { lowerHashPriority } from "./hash-priority.ts";

/** How long open requests may take to finish at shutdown, in milliseconds. */
const shutdownTimeout = 15_000;

/** How long a proxy may still use an idle connection at shutdown, in milliseconds. */
const idleGrace = 500;

/** Work before the first request, such as adding the first users. */
type Prepare = (people: People, log: Log) => Promise<void>;

/**
 * Runs a server until SIGINT or SIGTERM, then finishes open requests. A second signal ends it at once.
 *
 * @param warnings lines about the settings, for the log
 */
export async function runServer(
  config: Config,
  prepare: Prepare,
  warnings: readonly string[] = [],
): Promise<Server> {
  const output = await openLog(config);
  const { log } = output;
  for (const variable of unknownVariables(process.env)) {
    log.warn({ variable }, `unknown setting ${variable}: \`latchkey help settings\` lists them`);
  }
  const links = serviceLinks(process.env);
  if (links.length > 0) {
    log.warn(
      { variables: links },
      "variables of a Kubernetes Service named latchkey or latchkey-… are ignored: set enableServiceLinks: false in the pod; --port sets the port",
    );
  }
  process.on("uncaughtException", (error) => void endWith(error, output));
  let server: Server | undefined;
  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) endAtOnce();
    stopping = true;
    setTimeout(endAtOnce, shutdownTimeout).unref();
    log.info({ signal }, server ? "finishing open requests" : "stopping before the start has ended");
    await server?.close();
    log.info("stopped");
    if ((await output.close()) === "hanging") endAtOnce();
    process.exit(0);
  };
  // The first process of a container ignores a signal without a handler, so the handlers come before the start.
  process.on("SIGINT", stop).on("SIGTERM", stop);
  await lowerHashPriority();
  server = await startServer(config, {
    log,
    lostLogLines: output.lost,
    prepare: (people) => prepare(people, log),
    idleGrace,
  }).catch(async (error: unknown) => {
    await output.close();
    throw error;
  });
  // After the start: a refused one prints its error alone.
  for (const warning of warnings) log.warn(warning);
  flushCompileCache();
  // The demo prints its banner after these lines.
  await output.flush();
  return server;
}

/** Ends the process after an uncaught error. The log is written first, because it may hold the cause. */
async function endWith(error: Error, output: OpenLog): Promise<never> {
  process.stderr.write(`latchkey: ${visibleLines(error.stack ?? error.message)}\n`);
  if ((await output.close()) === "hanging") endAtOnce();
  process.exit(1);
}

/**
 * Ends the process by SIGKILL, because `process.exit` waits for a write that hangs in the kernel. The first process of a
 * container ignores its own SIGKILL, so it exits instead.
 */
function endAtOnce(): never {
  process.kill(process.pid, "SIGKILL");
  process.exit(1);
}

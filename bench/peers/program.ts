import { closeSync, openSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { launchProgram, type ProgramLaunch, stop } from "../children.ts";
import type { Service } from "../service.ts";

/** How long a product may take to listen, in milliseconds. */
const startTimeout = 180_000;

/**
 * Starts a server program and waits until its port takes a connection. Every product is awaited in this way, because
 * not all of them print when they listen.
 *
 * @throws with the end of its output, if it ends or does not listen
 */
export async function startProgram(
  port: number,
  folder: string,
  launch: Omit<ProgramLaunch, "processor" | "folder">,
): Promise<Service> {
  const logFile = `${folder}/out.log`;
  const log = openSync(logFile, "a");
  const child = launchProgram({ ...launch, folder, processor: 0 }, log, log);
  closeSync(log);
  for (const deadline = performance.now() + startTimeout; performance.now() < deadline; await delay(2)) {
    if (child.exitCode !== null || child.pid === undefined) break;
    if (await takesConnections(port))
      return { port, pid: child.pid, [Symbol.asyncDispose]: () => stop(child) };
  }
  await stop(child);
  throw new Error(`${launch.command[0]} does not listen:\n${readFileSync(logFile, "utf8").slice(-4000)}`);
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { type Processor, pinned } from "./processors.ts";

/** How long a process may take to stop before it is killed, in milliseconds. */
const stopTimeout = 5_000;

const alive = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

/** The environment of the benchmark without settings that would change what is measured. */
function plainEnvironment(): Record<string, string | undefined> {
  const ours = /^(LATCHKEY_|UV_|NODE_OPTIONS)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

/** One Node process: a script of this folder or of the server, on a processor. */
export interface Launch {
  readonly script: URL;
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly processor: Processor;
}

/**
 * Starts a process.
 *
 * @param output where its standard output goes: a file descriptor, or `pipe` to read it here
 */
export function launch({ script, args = [], environment, processor }: Launch, output: number | "pipe") {
  const [command = "", ...rest] = pinned(processor, [process.execPath, script.pathname, ...args]);
  const child = spawn(command, rest, {
    env: { ...plainEnvironment(), ...environment },
    stdio: ["pipe", output, "inherit"],
  });
  alive.add(child);
  child.once("exit", () => alive.delete(child));
  return child;
}

/** Stops a process by its own id; waits until it is gone. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const killTimer = setTimeout(() => child.kill("SIGKILL"), stopTimeout);
  await gone;
  clearTimeout(killTimer);
}

/**
 * Runs a script that reads one JSON value and answers with another.
 *
 * @param timeout seconds after which it is stopped
 * @throws where it fails or takes longer
 */
export async function runTask<Report>(task: Launch, input: unknown, timeout: number): Promise<Report> {
  const child = launch(task, "pipe");
  if (child.stdin === null || child.stdout === null) throw new Error("no pipes to the child");
  const name = task.script.pathname.split("/").at(-1);
  const late = new AbortController();
  try {
    const ended = once(child, "exit");
    child.stdin.end(JSON.stringify(input));
    const tooLate = delay(timeout * 1000, undefined, { signal: late.signal }).then(() => {
      throw new Error(`${name} took longer than ${timeout} s`);
    });
    const [output, [code]] = await Promise.race([Promise.all([text(child.stdout), ended]), tooLate]);
    if (code !== 0) throw new Error(`${name} ended with code ${code}`);
    return JSON.parse(output);
  } finally {
    late.abort();
    await stop(child);
  }
}

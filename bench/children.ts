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

/** The environment of the benchmark, without variables that would change the measurement. */
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
 * @param output its standard output: a file descriptor, or `pipe` to read it here
 */
export function launch({ script, args = [], ...more }: Launch, output: number | "pipe") {
  return launchProgram({ ...more, command: [process.execPath, script.pathname, ...args] }, output);
}

/** One process of any program, on a processor. */
export interface ProgramLaunch extends Pick<Launch, "environment" | "processor"> {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Default: the folder of the benchmark. */
  readonly folder?: string;
}

/**
 * Starts a process of any program.
 *
 * @param output its standard output: a file descriptor, or `pipe` to read it here
 * @param errors its standard error. Default: that of the benchmark
 */
export function launchProgram(
  { command, environment, folder, processor }: ProgramLaunch,
  output: number | "pipe",
  errors: number | "inherit" = "inherit",
) {
  const [program = "", ...rest] = pinned(processor, command);
  const child = spawn(program, rest, {
    env: { ...plainEnvironment(), ...environment },
    cwd: folder,
    stdio: ["pipe", output, errors],
  });
  alive.add(child);
  child.once("exit", () => alive.delete(child));
  return child;
}

/** Stops a process by its id and waits for its exit. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeout);
  await gone;
  clearTimeout(timer);
}

/**
 * Runs a script that reads a JSON value from standard input and writes another to standard output.
 *
 * @param timeout the longest duration, in seconds
 * @throws if the script fails or takes longer
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

import { Readable } from "node:stream";
import { runCommand } from "../../../server/src/main.ts";
import type { Environment, Exit } from "../programs.ts";

export interface CommandResult extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

export interface HereOptions {
  readonly directory: string;
  readonly env: Environment;
  readonly input: string | AsyncIterable<Uint8Array>;
}

/** Stops the command that has called `process.exit`. */
class Ended extends Error {}

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs a command line to its end in the process of the test. A separate process would take a third of a second of CPU
 * time. Commands run one at a time, because environment, folder and standard streams belong to the whole process. A
 * command that starts a server needs a separate process.
 */
export function commandHere(args: readonly string[], options: HereOptions): Promise<CommandResult> {
  const result = last.then(() => run(args, options));
  last = result.catch(() => {});
  return result;
}

async function run(args: readonly string[], { directory, env, input }: HereOptions): Promise<CommandResult> {
  using undo = new DisposableStack();
  const written = { stdout: "", stderr: "" };
  let status: number | undefined;
  for (const name of ["stdout", "stderr"] as const) {
    const stream = process[name];
    const before = new Set(stream.rawListeners("error"));
    // Each thread of the process listens here too, and eleven of them would make Node warn in the command's output.
    const most = stream.getMaxListeners();
    stream.setMaxListeners(0);
    undo.defer(() => {
      for (const listener of stream.rawListeners("error"))
        if (!before.has(listener)) Reflect.apply(stream.off, stream, ["error", listener]);
      stream.setMaxListeners(most);
    });
    replace(undo, stream, "write", (chunk: string) => {
      // A command that catches the error of `exit` goes on. A real process would be gone.
      if (status === undefined) written[name] += chunk;
      return true;
    });
  }
  replace(undo, process, "stdin", Readable.from(typeof input === "string" ? [Buffer.from(input)] : input));
  replace(undo, process, "env", { ...env });
  replace(undo, process, "exit", (code?: number) => {
    status ??= Number(code ?? process.exitCode ?? 0);
    throw new Ended();
  });
  const before = process.cwd();
  process.chdir(directory);
  undo.defer(() => process.chdir(before));
  undo.defer(() => {
    process.exitCode = undefined;
  });
  try {
    await runCommand(args);
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
  }
  return { ...written, status: status ?? Number(process.exitCode ?? 0), signal: null };
}

/** Gives a property another value until the stack is disposed of. */
function replace(undo: DisposableStack, owner: object, name: string, value: unknown): void {
  const old = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { value, configurable: true, writable: true, enumerable: true });
  undo.defer(() => {
    if (old === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, old);
  });
}

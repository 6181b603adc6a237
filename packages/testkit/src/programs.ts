import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { Environment, Exit } from "./server/server-process.ts";
import { until } from "./until.ts";

const root = join(import.meta.dirname, "../../..");
/** How long a program may take to start on a loaded machine, in milliseconds. */
const startTimeout = 30_000;

/** A running program and its output. */
export interface Program {
  stdout(): string;
  stderr(): string;
  /**
   * Waits until its standard output matches.
   *
   * @returns the first group of the pattern
   */
  says(pattern: RegExp): Promise<string>;
  /** Writes a line to its standard input. */
  tell(line: string): void;
  /** Closes its standard input and waits for the end. */
  finish(): Promise<Exit>;
  /** Sends a signal and waits for the end. */
  stop(signal: NodeJS.Signals): Promise<Exit>;
}

/** Starts programs in the root of the repository, and kills them after the last test of the file. */
export class Programs {
  readonly #kills: (() => void)[] = [];

  constructor() {
    const killAll = () => {
      for (const kill of this.#kills) kill();
    };
    process.once("exit", killAll);
    afterAll(() => {
      process.off("exit", killAll);
      killAll();
    });
  }

  /** Starts a script of Node. */
  script(file: string, env: Environment): Program {
    return this.#start(process.execPath, [file], env);
  }

  /** Starts a shell command. */
  shell(command: string, env: Environment = {}): Program {
    return this.#start("bash", ["-c", command], env);
  }

  #start(command: string, args: readonly string[], env: Environment): Program {
    const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
    // A process group, so that the children of a shell are killed with it.
    const child = spawn(command, args, {
      cwd: root,
      env: { PATH, HOME, NODE_COMPILE_CACHE, ...env },
      detached: true,
    });
    const written = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      written.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      written.stderr += text;
    });
    // A program that never reads its input may have exited already.
    child.stdin.on("error", () => {});
    let over = false;
    const exited = new Promise<Exit>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (status, signal) => {
        over = true;
        resolve({ status, signal });
      });
    });
    const kill = (signal: NodeJS.Signals) => {
      if (!over && child.pid !== undefined) process.kill(-child.pid, signal);
    };
    this.#kills.push(() => kill("SIGKILL"));
    return {
      stdout: () => written.stdout,
      stderr: () => written.stderr,
      async says(pattern) {
        let said: string | undefined;
        const heard = () => {
          said = pattern.exec(written.stdout)?.[1];
          return said !== undefined || over;
        };
        await until(`${args.join(" ")} says ${pattern}`, heard, startTimeout);
        if (said === undefined) throw new Error(`The program has exited: ${written.stderr}${written.stdout}`);
        return said;
      },
      tell(line) {
        child.stdin.write(`${line}\n`);
      },
      finish() {
        child.stdin.end();
        return exited;
      },
      stop(signal) {
        kill(signal);
        return exited;
      },
    };
  }
}

import { spawn } from "node:child_process";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll } from "vitest";
import { signal } from "./signal.ts";

const root = join(import.meta.dirname, "../../..");
/** How long a program may take to start on a loaded machine, in milliseconds. */
const startTimeout = 25_000;

export type Environment = Readonly<Record<string, string>>;

/** How a process ended: with a status, or by a signal. */
export interface Exit {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A started program and its output so far. */
export interface Program {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  stdout(): string;
  stderr(): string;
  /**
   * Waits until its standard output matches.
   *
   * @returns the first group of the pattern
   * @throws if the program ends before, or takes too long
   */
  says(pattern: RegExp): Promise<string>;
  /** Writes a line to its standard input. */
  tell(line: string): void;
  /** Closes its standard input and waits for the end. */
  finish(): Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
  /** Sends a signal and waits for the end. Default: SIGTERM. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
}

interface StartOptions {
  readonly cwd?: string;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Written to standard input, which is then closed. Without it, standard input stays open. */
  readonly input?: string | AsyncIterable<Uint8Array>;
}

/** Starts programs, by default in the root of the repository, and kills them after the last test of the file. */
export class Programs {
  readonly #kills: (() => void)[] = [];

  /** @param afterwards runs after the last test of the file, when the programs are killed */
  constructor(afterwards = () => {}) {
    const killAll = () => {
      for (const kill of this.#kills) kill();
    };
    process.once("exit", killAll);
    afterAll(() => {
      process.off("exit", killAll);
      killAll();
      afterwards();
    });
  }

  /** Starts a script of Node. */
  script(file: string, env: Environment): Program {
    return this.start(process.execPath, [file], { env: { ...programEnvironment(), ...env } });
  }

  /** Starts a shell command. */
  shell(command: string, env: Environment = {}): Program {
    return this.start("bash", ["-c", command], { env: { ...programEnvironment(), ...env } });
  }

  start(command: string, args: readonly string[], { cwd = root, env, input }: StartOptions): Program {
    // A process group, so that the children of a shell are killed with it.
    const child = spawn(command, args, { cwd, env, detached: true });
    const written = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        written[name] += text;
      });
    }
    // A program that never reads its input may have exited already.
    child.stdin.on("error", () => {});
    if (input !== undefined) Readable.from(typeof input === "string" ? [input] : input).pipe(child.stdin);
    let over = false;
    const exited = new Promise<Exit>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (status, signal) => {
        over = true;
        resolve({ status, signal });
      });
    });
    const kill = (name: NodeJS.Signals) => {
      if (!over && child.pid !== undefined) signal(-child.pid, name);
    };
    this.#kills.push(() => kill("SIGKILL"));
    return {
      pid: child.pid ?? 0,
      exited,
      stdout: () => written.stdout,
      stderr: () => written.stderr,
      async says(pattern) {
        for (const deadline = Date.now() + startTimeout; ; await delay(5)) {
          const said = pattern.exec(written.stdout)?.[1];
          if (said !== undefined) return said;
          if (over || Date.now() > deadline)
            throw new Error(`${args.join(" ")} does not say ${pattern}: ${written.stderr}${written.stdout}`);
        }
      },
      tell: (line) => void child.stdin.write(`${line}\n`),
      finish() {
        child.stdin.end();
        return exited;
      },
      kill,
      stop(name = "SIGTERM") {
        kill(name);
        return exited;
      },
    };
  }
}

function programEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
  return { PATH, HOME, NODE_COMPILE_CACHE };
}

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll } from "vitest";
import { type CommandResult, commandHere, type Environment, type Exit } from "./command-here.ts";

export type { CommandResult, Environment, Exit };

const main = join(import.meta.dirname, "../../../server/bin/latchkey.js");

/** How long a start may take on a loaded machine, in milliseconds. */
const startTimeout = 20_000;

/** The password that the first administrator gets in tests. */
export const adminPassword = "an administrator's passphrase";

/** Cheap hashes, and one issuer for all servers, so that a token outlives the port of the server that made it. */
const testEnvironment: Environment = {
  LATCHKEY_HASH_MEMORY: "64",
  LATCHKEY_HASH_ITERATIONS: "1",
  LATCHKEY_ADMIN_PASSWORD: adminPassword,
  LATCHKEY_ISSUER: "http://latchkey.test",
};

/** A started process, and its output so far. */
export interface RunningProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  stdout(): string;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
}

export interface ServerProcess extends RunningProcess {
  /** The address that it listens on. */
  readonly url: string;
  /** Sends a signal and waits for the end. Default: SIGTERM. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
}

export interface CommandOptions {
  /** Written to standard input, in one piece or in these, and closed after it. */
  readonly input?: string | AsyncIterable<Uint8Array>;
  readonly env?: Environment;
}

export interface ServerOptions {
  readonly command?: "serve" | "demo";
  /** Default: the place's own `latchkey.db`. */
  readonly database?: string;
  readonly args?: readonly string[];
  readonly env?: Environment;
}

/** A temporary directory with the processes that work in it. All of it goes away after the last test of the file. */
export class Place {
  readonly directory = mkdtempSync(join(tmpdir(), "latchkey-"));
  readonly #running = new Set<ChildProcess>();
  readonly #commands: "processes" | "here";

  /** @param commands whether `latchkey` starts a process for a command that starts no server. Default: it does */
  constructor({ commands = "processes" }: { readonly commands?: "processes" | "here" } = {}) {
    this.#commands = commands;
    const killAll = () => {
      for (const child of this.#running) child.kill("SIGKILL");
    };
    process.once("exit", killAll);
    afterAll(() => {
      process.off("exit", killAll);
      killAll();
      rmSync(this.directory, { recursive: true, force: true });
    });
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  get database(): string {
    return this.path("latchkey.db");
  }

  #environment(given: Environment): Environment {
    const path = process.env["PATH"] ?? "";
    return { PATH: path, LATCHKEY_DATABASE: this.database, ...testEnvironment, ...given };
  }

  /** Starts `latchkey`, without waiting for anything. Given variables go before the test's own. */
  start(args: readonly string[], { input = "", env = {} }: CommandOptions = {}): RunningProcess {
    const child = spawn(process.execPath, [main, ...args], {
      cwd: this.directory,
      env: this.#environment(env),
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#running.add(child);
    const written = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      written.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      written.stderr += text;
    });
    // A command that needs no input may be gone before it could read any.
    child.stdin.on("error", () => {});
    Readable.from(typeof input === "string" ? [input] : input).pipe(child.stdin);
    return {
      pid: child.pid ?? 0,
      stdout: () => written.stdout,
      stderr: () => written.stderr,
      kill: (signal) => child.kill(signal),
      exited: new Promise((resolve, reject) => {
        child.once("error", reject);
        child.once("close", (status, signal) => {
          this.#running.delete(child);
          resolve({ status, signal });
        });
      }),
    };
  }

  /** Runs a command that starts no server to its end, in this process. */
  here(args: readonly string[], { input = "", env = {} }: CommandOptions = {}): Promise<CommandResult> {
    return commandHere(args, { directory: this.directory, env: this.#environment(env), input });
  }

  /** Runs a command to its end. */
  async latchkey(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const startsServer = args[0] === "serve" || args[0] === "demo";
    if (this.#commands === "here" && !startsServer) return this.here(args, options);
    const command = this.start(args, options);
    const timer = setTimeout(() => command.kill("SIGKILL"), startTimeout);
    const exit = await command.exited;
    clearTimeout(timer);
    return { ...exit, stdout: command.stdout(), stderr: command.stderr() };
  }

  /** Starts a server and waits until it listens. */
  async server({ command = "serve", database, args = [], env }: ServerOptions = {}): Promise<ServerProcess> {
    const flags = ["--port", "0", ...(database === undefined ? [] : ["--database", database])];
    const server = this.start([command, ...flags, ...args], env === undefined ? {} : { env });
    const deadline = Date.now() + startTimeout;
    let over = false;
    void server.exited.then(() => {
      over = true;
    });
    for (;;) {
      const url = /"listening at (http:[^"]+)"/.exec(server.stdout())?.[1];
      if (url !== undefined) return { ...server, url, stop: (signal) => stop(server, signal) };
      if (over || Date.now() > deadline) {
        server.kill("SIGKILL");
        throw new Error(`the server did not start: ${server.stderr()}${server.stdout()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

function stop(server: RunningProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<Exit> {
  server.kill(signal);
  return server.exited;
}

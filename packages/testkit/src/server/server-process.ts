import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Environment, type Program, Programs } from "../programs.ts";
import { type CommandResult, commandHere } from "./command-here.ts";

export type { CommandResult, Environment };

const main = join(import.meta.dirname, "../../../server/bin/latchkey.js");

/** How long a command may take on a loaded machine, in milliseconds. */
const commandTimeout = 20_000;

/** The password that the first administrator gets in tests. */
export const adminPassword = "an administrator's passphrase";

/** Cheap hashes, and one issuer for all servers: a token stays valid if a restarted server has another port. */
const testEnvironment: Environment = {
  LATCHKEY_HASH_MEMORY: "64",
  LATCHKEY_HASH_ITERATIONS: "1",
  LATCHKEY_ADMIN_PASSWORD: adminPassword,
  LATCHKEY_ISSUER: "http://latchkey.test",
  LATCHKEY_ALLOW_INSECURE: "hash,issuer,secret",
};

export interface ServerProcess extends Program {
  /** The address that it listens on. */
  readonly url: string;
}

export interface CommandOptions {
  /** Written to standard input, which is then closed. */
  readonly input?: string | AsyncIterable<Uint8Array>;
  readonly env?: Environment;
}

export interface ServerOptions {
  readonly command?: "serve" | "demo";
  /** Default: `latchkey.db` in the directory of the place. */
  readonly database?: string;
  readonly args?: readonly string[];
  readonly env?: Environment;
}

/** A temporary directory and the processes that work in it. Both end with the last test of the file. */
export class Place {
  readonly directory = mkdtempSync(join(tmpdir(), "latchkey-"));
  readonly #programs = new Programs(() => rmSync(this.directory, { recursive: true, force: true }));
  readonly #commands: "processes" | "here";

  /** @param commands `here`: commands that start no server run in the process of the test, which is faster */
  constructor({ commands = "processes" }: { readonly commands?: "processes" | "here" } = {}) {
    this.#commands = commands;
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

  /** Starts `latchkey` and returns at once. Given variables override those of the tests. */
  start(args: readonly string[], { input = "", env = {} }: CommandOptions = {}): Program {
    return this.#programs.start(process.execPath, [main, ...args], {
      cwd: this.directory,
      env: this.#environment(env),
      input,
    });
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
    const timer = setTimeout(() => command.kill("SIGKILL"), commandTimeout);
    const exit = await command.exited;
    clearTimeout(timer);
    return { ...exit, stdout: command.stdout(), stderr: command.stderr() };
  }

  /** Starts a server and waits until it listens. */
  async server({ command = "serve", database, args = [], env }: ServerOptions = {}): Promise<ServerProcess> {
    const flags = ["--port", "0", ...(database === undefined ? [] : ["--database", database])];
    const server = this.start([command, ...flags, ...args], env === undefined ? {} : { env });
    return { ...server, url: await server.says(/"listening at (http:[^"]+)"/) };
  }
}

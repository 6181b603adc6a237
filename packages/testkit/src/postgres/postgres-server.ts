import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { signal } from "../signal.ts";
import { freePort } from "../sockets.ts";
import { type Binaries, engineUser, giveToEngine } from "./binaries.ts";

/** The owner of every database of the tests. */
const owner = { name: "latchkey", password: "only for tests: @/% too" };

/** How long an engine may take until it answers, in milliseconds. */
const startTimeout = 30_000;

export interface ServerOptions {
  readonly binaries: Binaries;
  /** Whether writes are flushed to disk. A test that kills the engine needs it. Default: true. */
  readonly fsync?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  /** The parent of the server's folder. Default: the folder of temporary files. */
  readonly parent?: string;
}

/** A real PostgreSQL server with its own folder and port. */
export class PostgresServer implements AsyncDisposable {
  readonly folder: string;
  readonly port: number;
  readonly binaries: Binaries;
  #process: ChildProcess | undefined;
  #databases = 0;

  private constructor(binaries: Binaries, folder: string, port: number) {
    this.binaries = binaries;
    this.folder = folder;
    this.port = port;
    process.once("exit", () => {
      this.#signalAll("SIGCONT");
      this.#process?.kill("SIGQUIT");
    });
  }

  /** Makes a server with an empty set of databases and starts it. */
  static async make({
    binaries,
    fsync = true,
    settings = {},
    parent,
  }: ServerOptions): Promise<PostgresServer> {
    const server = new PostgresServer(binaries, newFolder(parent), await freePort());
    const passwordFile = join(server.folder, "password");
    writeFileSync(passwordFile, owner.password);
    giveToEngine(passwordFile);
    server.run("initdb", [
      ...["-D", server.data, "-U", owner.name, "-A", "scram-sha-256", "--pwfile", passwordFile],
      ...["-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"],
    ]);
    server.configure({ fsync: fsync ? "on" : "off", max_connections: "200", ...settings });
    await server.start();
    return server;
  }

  /** A server on a folder that a backup has filled. Call `start` to start it. */
  static async onCopy(binaries: Binaries, fill: (folder: string) => void): Promise<PostgresServer> {
    const server = new PostgresServer(binaries, newFolder(), await freePort());
    fill(server.data);
    return server;
  }

  get data(): string {
    return join(this.folder, "data");
  }

  get password(): string {
    return owner.password;
  }

  /** The id of the engine's first process. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** The text of the engine's log. */
  get log(): string {
    return readFileSync(join(this.folder, "log"), "utf8");
  }

  /** The URL of a database, with the password. */
  address(database: string, { port = this.port, parameters = "" } = {}): string {
    return `postgres://${owner.name}:${encodeURIComponent(owner.password)}@127.0.0.1:${port}/${database}${parameters}`;
  }

  /** Makes an empty database. @returns its URL */
  async database(): Promise<string> {
    const name = `d${process.pid}_${this.#databases++}_${Math.random().toString(36).slice(2)}`;
    await this.query(`create database ${name}`);
    return this.address(name);
  }

  async query(text: string, address = this.address("postgres")): Promise<Record<string, unknown>[]> {
    return queryAt(address, text);
  }

  /** Adds to the configuration. The next start reads it. */
  configure(settings: Readonly<Record<string, string>>): void {
    const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
    appendFileSync(join(this.data, "postgresql.conf"), lines.join(""));
  }

  async start(): Promise<void> {
    const settings = { port: String(this.port), listen_addresses: "127.0.0.1", unix_socket_directories: "" };
    const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    // The engine writes its log to a file, because a full pipe would stop it.
    const shell = `exec "$0" "$@" >> "${join(this.folder, "log")}" 2>&1`;
    const program = join(this.binaries.folder, "postgres");
    const child = spawn("/bin/sh", ["-c", shell, program, "-D", this.data, ...flags], {
      ...engineUser,
      cwd: this.folder,
      stdio: "ignore",
    });
    this.#process = child;
    for (const deadline = Date.now() + startTimeout; ; await delay(20)) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`PostgreSQL does not start:\n${this.log}`);
      const answered = await this.query("select 1").catch(() => undefined);
      if (answered !== undefined) return;
    }
  }

  /** @param mode `fast` ends connections and writes everything out; `immediate` is a crash */
  stop(mode: "fast" | "immediate" = "fast"): Promise<void> {
    return this.#end(mode === "fast" ? "SIGINT" : "SIGQUIT");
  }

  async restart(mode: "fast" | "immediate" = "fast"): Promise<void> {
    await this.stop(mode);
    await this.start();
  }

  /** Kills the server and its children. */
  async kill(): Promise<void> {
    this.#signalAll("SIGKILL");
    await this.#end("SIGKILL");
  }

  /** Suspends the server and its children until `thaw`. Connections stay open without an answer. */
  freeze(): void {
    this.#signalAll("SIGSTOP");
  }

  thaw(): void {
    this.#signalAll("SIGCONT");
  }

  /** Runs a program of the engine to its end. */
  run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
    execFileSync(join(this.binaries.folder, program), args, {
      ...engineUser,
      cwd: this.folder,
      env: { PATH: process.env["PATH"], LC_ALL: "C", ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("immediate");
    rmSync(this.folder, { recursive: true, force: true });
    if (this.binaries.temporary !== undefined)
      rmSync(this.binaries.temporary, { recursive: true, force: true });
  }

  async #end(name: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    this.#signalAll("SIGCONT", child.pid);
    child.kill(name);
    await ended;
  }

  /** Signals the server before its children, so that it starts no further ones. */
  #signalAll(name: NodeJS.Signals, pid = this.#process?.pid): void {
    if (pid === undefined) return;
    signal(pid, name);
    const { stdout } = spawnSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
    for (const line of stdout.split("\n")) if (line.trim() !== "") signal(Number(line), name);
  }
}

/** Runs one statement on a new connection. */
export async function queryAt(address: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: address, connectionTimeoutMillis: 5000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return (await client.query(text)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

function newFolder(parent: string = tmpdir()): string {
  const folder = mkdtempSync(join(parent, "latchkey-postgres-"));
  giveToEngine(folder);
  return folder;
}

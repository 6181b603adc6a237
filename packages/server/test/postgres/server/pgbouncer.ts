import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engineUser, giveToEngine } from "@latchkey/testkit/postgres/binaries";
import { type PostgresServer, queryAt } from "@latchkey/testkit/postgres/postgres-server";
import { freePort } from "@latchkey/testkit/sockets";
import { until } from "@latchkey/testkit/until";

/** Debian's PgBouncer in front of a PostgreSQL server. */
export class PgBouncer implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #kill = () => this.#process.kill("SIGKILL");

  private constructor(port: number, folder: string, child: ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#process = child;
    process.once("exit", this.#kill);
  }

  static async start(server: PostgresServer, settings: Readonly<Record<string, string>>): Promise<PgBouncer> {
    const folder = mkdtempSync(join(tmpdir(), "latchkey-pgbouncer-"));
    giveToEngine(folder);
    const port = await freePort();
    const users = join(folder, "users.txt");
    const file = join(folder, "pgbouncer.ini");
    const all = {
      listen_addr: "127.0.0.1",
      listen_port: String(port),
      unix_socket_dir: "",
      auth_type: "scram-sha-256",
      auth_file: users,
      logfile: join(folder, "log"),
      ...settings,
    };
    writeFileSync(users, `"latchkey" "${server.password}"\n`);
    const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}\n`);
    writeFileSync(
      file,
      `[databases]\n* = host=127.0.0.1 port=${server.port}\n[pgbouncer]\n${lines.join("")}`,
    );
    for (const path of [users, file]) giveToEngine(path);
    const child = spawn("/usr/sbin/pgbouncer", ["-q", file], { ...engineUser, cwd: folder, stdio: "ignore" });
    const bouncer = new PgBouncer(port, folder, child);
    const address = server.address("postgres", { port });
    await until("PgBouncer answers", async () => {
      if (child.exitCode !== null) throw new Error(readFileSync(join(folder, "log"), "utf8"));
      return (await queryAt(address, "select 1").catch(() => [])).length === 1;
    });
    return bouncer;
  }

  /** The address of a database of the server, through this pooler. */
  through(address: string): string {
    const url = new URL(address);
    url.port = String(this.port);
    return url.toString();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off("exit", this.#kill);
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, "exit");
      this.#kill();
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

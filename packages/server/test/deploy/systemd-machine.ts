import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "@latchkey/testkit/until";

const checkout = join(import.meta.dirname, "../../../..");
const serviceFile = join(checkout, "deploy/latchkey.service");

/** The container writes into memory. It only reads the folders of the host. */
const setUp = `set -eu
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"`;

const boot = `${setUp}
mkdir -p "$1/root/opt/latchkey"
cp "$2" "$1/root/etc/systemd/system/latchkey.service"
(umask 077; cat > "$1/root/etc/latchkey.env")
mount -t tmpfs -o mode=755 tmpfs /run
exec systemd-nspawn --quiet --directory="$1/root" --machine=latchkey --register=no --keep-unit --link-journal=no \\
  --uuid="$4" --private-network --bind-ro="$3:/opt/latchkey" --console=pipe --boot -- --unit=latchkey.service`;

const apart = ["--mount", "--propagation", "private", "sh", "-c"];

/** @returns the reason why systemd cannot run here; undefined if it can */
export function whyNoSystemd(folder: string): string | undefined {
  if (process.getuid?.() !== 0) return "it needs root";
  if (spawnSync("systemd-nspawn", ["--version"]).status !== 0) return "it needs systemd-nspawn";
  mkdirSync(folder, { recursive: true });
  const { status, stderr } = spawnSync("unshare", [...apart, setUp, "sh", folder], { encoding: "utf8" });
  return status === 0 ? undefined : `it needs to mount an overlay: ${stderr.trim().split("\n").at(-1)}`;
}

/**
 * A container with a real systemd as its first process. It runs exactly `deploy/latchkey.service`, with this checkout in
 * /opt/latchkey. Its network is only a loopback, and its folders are removed with it.
 */
export class SystemdMachine implements AsyncDisposable {
  readonly #nspawn: ChildProcess;
  #first = 0;
  #written = "";

  /**
   * @param settings the content of /etc/latchkey.env
   * @throws with the output of systemd-nspawn, if systemd does not run in time
   */
  static async boot(folder: string, settings: string): Promise<SystemdMachine> {
    mkdirSync(folder, { recursive: true });
    const machine = new SystemdMachine(folder, settings);
    try {
      await until("systemd runs", () => machine.#found(), 30_000);
      return machine;
    } catch (cause) {
      await machine[Symbol.asyncDispose]();
      throw new Error(`no systemd in the machine: ${machine.#written}`, { cause });
    }
  }

  private constructor(folder: string, settings: string) {
    const words = [folder, serviceFile, checkout, crypto.randomUUID()];
    this.#nspawn = spawn("unshare", [...apart, boot, "sh", ...words], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    for (const stream of [this.#nspawn.stdout, this.#nspawn.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#written += text;
      });
    }
    // If the setup failed, nothing reads the settings.
    this.#nspawn.stdin?.on("error", () => {}).end(settings);
  }

  #found(): boolean {
    const { pid, exitCode } = this.#nspawn;
    if (exitCode !== null) throw new Error(`systemd-nspawn ended with ${exitCode}`);
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    this.#first = Number(first);
    return this.#first > 0 && this.run("systemctl", "show", "--property=Version").startsWith("Version=");
  }

  /** Runs a command in the machine. @returns its standard output, without the last newline */
  run(...command: readonly string[]): string {
    return this.#enter(command);
  }

  /** Changes the settings, for the next start. */
  settings(text: string): void {
    this.#enter(["sh", "-c", "cat > /etc/latchkey.env"], text);
  }

  /** Sends a request to the server in the machine. @returns the status, 0 if it does not listen, and the body */
  ask(
    path: string,
    { body, token }: { body?: object; token?: string } = {},
  ): { status: number; text: string } {
    // Secrets are read from standard input, because every user can read arguments.
    const lines = [`url = "http://127.0.0.1:8000${path}"`, 'write-out = "\\n%{http_code}"', "silent"];
    if (token !== undefined) lines.push(`header = "Authorization: Bearer ${token}"`);
    if (body !== undefined)
      lines.push(
        'header = "Content-Type: application/json"',
        `data = ${JSON.stringify(JSON.stringify(body))}`,
      );
    const answer = this.#enter(["curl", "--config", "-"], lines.join("\n"));
    const end = answer.lastIndexOf("\n");
    return { status: Number(answer.slice(end + 1)), text: answer.slice(0, Math.max(end, 0)) };
  }

  /** One property of the service, as `systemctl show` tells it. */
  property(name: string): string {
    return this.run("systemctl", "show", `--property=${name}`, "--value", "latchkey");
  }

  #enter(command: readonly string[], input = ""): string {
    const where = [
      "--target",
      `${this.#first}`,
      "--mount",
      "--pid",
      "--net",
      "--uts",
      "--ipc",
      "--cgroup",
      "--root",
      "--wd",
      "--",
    ];
    return spawnSync("nsenter", [...where, ...command], { encoding: "utf8", input }).stdout.trimEnd();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#nspawn.exitCode !== null) return;
    const ended = once(this.#nspawn, "exit");
    this.#nspawn.kill("SIGTERM");
    const enough = setTimeout(() => this.#nspawn.kill("SIGKILL"), 20_000);
    await ended;
    clearTimeout(enough);
  }
}

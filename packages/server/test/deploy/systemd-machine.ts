import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "@latchkey/testkit/until";

const checkout = join(import.meta.dirname, "../../../..");
const serviceFile = join(checkout, "deploy/latchkey.service");

/**
 * The container writes into memory. It only reads the folders of the host, or of another system that
 * `LATCHKEY_DEPLOY_ROOT` names, such as a fresh Debian by `debootstrap`.
 */
const setUp = `set -eu
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=\${LATCHKEY_DEPLOY_ROOT:-/},upperdir=$1/upper,workdir=$1/work" "$1/root"`;

const nspawn = `mount -t tmpfs -o mode=755 tmpfs /run
exec systemd-nspawn --quiet --directory="$1/root" --machine=latchkey --register=no --keep-unit --link-journal=no \\
  --uuid="$2" --private-network --resolv-conf=off --console=pipe`;

const bootService = `${setUp}
mkdir -p "$1/root/opt/latchkey"
cp "$3" "$1/root/etc/systemd/system/latchkey.service"
chroot "$1/root" useradd --system latchkey
(umask 077; cat > "$1/root/etc/latchkey.env")
${nspawn} --bind-ro="$4:/opt/latchkey" --boot -- --unit=latchkey.service`;

/** The registries are reached as the host reaches them. */
const bootBare = `${setUp}
cp /etc/resolv.conf /etc/hosts "$1/root/etc"
cp /etc/ssl/certs/ca-certificates.crt "$1/root/etc/ssl/certs"
cp /etc/apt/apt.conf.d/* "$1/root/etc/apt/apt.conf.d"
cp "$3" "$1/root/srv/latchkey.tgz"
${nspawn} --boot -- --unit=basic.target`;

const apart = ["--mount", "--propagation", "private", "sh", "-c"];

/** @returns the reason why systemd cannot run here; undefined if it can */
export function whyNoSystemd(folder: string): string | undefined {
  if (process.getuid?.() !== 0) return "it needs root";
  if (spawnSync("systemd-nspawn", ["--version"]).status !== 0) return "it needs systemd-nspawn";
  mkdirSync(folder, { recursive: true });
  const { status, stderr } = spawnSync("unshare", [...apart, setUp, "sh", folder], { encoding: "utf8" });
  return status === 0 ? undefined : `it needs to mount an overlay: ${stderr.trim().split("\n").at(-1)}`;
}

/** The end of a script. */
export interface Operated {
  readonly status: number | null;
  /** Standard output and standard error, as on a terminal. */
  readonly output: string;
}

/** A container with a real systemd as its first process. Its network is only a loopback. Its folders are removed with it. */
export class SystemdMachine implements AsyncDisposable {
  readonly #nspawn: ChildProcess;
  #first = 0;
  #written = "";

  /**
   * A machine that runs exactly `deploy/latchkey.service`, with this checkout in /opt/latchkey.
   *
   * @param settings the content of /etc/latchkey.env
   * @throws with the output of systemd-nspawn, if systemd does not run in time
   */
  static boot(folder: string, settings: string): Promise<SystemdMachine> {
    return SystemdMachine.#start(folder, bootService, [serviceFile, checkout], settings);
  }

  /**
   * A machine without Latchkey and with few services. The package is in /srv/latchkey.tgz.
   *
   * @throws with the output of systemd-nspawn, if systemd does not run in time
   */
  static bare(folder: string, tarball: string): Promise<SystemdMachine> {
    return SystemdMachine.#start(folder, bootBare, [tarball], "");
  }

  static async #start(
    folder: string,
    script: string,
    words: readonly string[],
    input: string,
  ): Promise<SystemdMachine> {
    mkdirSync(folder, { recursive: true });
    const machine = new SystemdMachine(script, [folder, crypto.randomUUID(), ...words], input);
    try {
      await until("systemd runs", () => machine.#found(), 30_000);
      return machine;
    } catch (cause) {
      await machine[Symbol.asyncDispose]();
      throw new Error(`no systemd in the machine: ${machine.#written}`, { cause });
    }
  }

  private constructor(script: string, words: readonly string[], input: string) {
    this.#nspawn = spawn("unshare", [...apart, script, "sh", ...words], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    for (const stream of [this.#nspawn.stdout, this.#nspawn.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#written += text;
      });
    }
    // If the setup failed, nothing reads the input.
    this.#nspawn.stdin?.on("error", () => {}).end(input);
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

  /**
   * Runs a shell script as an operator would: as root in a fresh shell, until the first command that fails.
   *
   * @param input the standard input
   */
  async operate(script: string, input = ""): Promise<Operated> {
    // The machine itself has no way to a registry. A script that needs one has the network of the host, without the
    // servers of the machine.
    const network = /\b(apt-get|npm) /.test(script) ? [] : ["--net"];
    const extraCertificates = "/etc/ssl/certs/ca-certificates.crt";
    const variables = [
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      ...["HOME=/root", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"],
      `NODE_EXTRA_CA_CERTS=${extraCertificates}`,
    ];
    const shell = ["env", "-i", ...variables, "sh", "-e", "-c", `exec 2>&1; cd; ${script}`];
    const child = spawn("nsenter", [...this.#namespaces(network), ...shell], { stdio: "pipe" });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.stdin.on("error", () => {}).end(input);
    const [status] = await once(child, "close");
    return { status, output };
  }

  #namespaces(network: readonly string[] = ["--net"]): readonly string[] {
    const spaces = ["--mount", "--pid", ...network, "--uts", "--ipc", "--cgroup"];
    return ["--target", `${this.#first}`, ...spaces, "--root", "--wd", "--"];
  }

  #enter(command: readonly string[], input = ""): string {
    const words = [...this.#namespaces(), ...command];
    return spawnSync("nsenter", words, { encoding: "utf8", input }).stdout.trimEnd();
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

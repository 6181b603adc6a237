import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment, Exit, Program, Programs } from "@latchkey/testkit/programs";
import { freePort } from "@latchkey/testkit/sockets";
import { run } from "@latchkey/testkit/toolchains";
import type { Image } from "./image.ts";
import { runtimeSpec } from "./runtime-spec.ts";

export interface ContainerOptions {
  readonly image: Image;
  /** A folder for this container alone. */
  readonly folder: string;
  /** The folder of the volume /data. Default: a new one. */
  readonly data?: string;
  readonly env?: Environment;
  /** Files below /run/secrets/latchkey, by name. Mode 0440, owned by root and the container's group. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Instead of the image's command. */
  readonly args?: readonly string[];
}

/** crun of Debian 12 knows either version of control groups, but no mixture. It needs none of them here. */
const withoutGroups = `mount -t tmpfs tmpfs /sys/fs/cgroup && exec crun --cgroup-manager=disabled "$@"`;
const crun = (root: string, args: readonly string[]) =>
  ["--mount", "--propagation", "private", "sh", "-c", withoutGroups, "sh", "--root", root, ...args] as const;

/** A container under crun, as an engine would start it: a read-only root, the image's user, no capability. */
export class Container {
  readonly url: string;
  readonly program: Program;
  readonly #state: string;
  readonly #user: string;

  private constructor(url: string, program: Program, state: string, user: string) {
    this.url = url;
    this.program = program;
    this.#state = state;
    this.#user = user;
  }

  /** Starts a container, and returns at once. */
  static async start(programs: Programs, options: ContainerOptions): Promise<Container> {
    const { image, folder, data = join(folder, "data"), env = {}, secrets = {}, args } = options;
    const port = await freePort();
    const secretFolder = join(folder, "secrets");
    const [user = 0, group = 0] = image.config.User.split(":").map(Number);
    for (const each of [data, secretFolder, join(folder, "state")]) mkdirSync(each, { recursive: true });
    chownSync(data, user, group);
    for (const [name, text] of Object.entries(secrets)) {
      const file = join(secretFolder, name);
      writeFileSync(file, text, { mode: 0o440 });
      chownSync(file, 0, group);
    }
    const spec = runtimeSpec(image, {
      args: args ?? image.config.Cmd,
      env: { LATCHKEY_PORT: String(port), ...env },
      mounts: { "/data": data, "/run/secrets/latchkey": secretFolder },
    });
    writeFileSync(join(folder, "config.json"), JSON.stringify(spec));
    const state = join(folder, "state");
    const command = crun(state, ["run", "--bundle", folder, "latchkey"]);
    const program = programs.start("unshare", command, { env: { PATH: process.env["PATH"] }, input: "" });
    return new Container(`http://127.0.0.1:${port}`, program, state, image.config.User);
  }

  /** Runs a command in the container, as the image's user. @throws with its output if it fails */
  async execute(...command: readonly string[]): Promise<string> {
    return await run("unshare", crun(this.#state, ["exec", "--user", this.#user, "latchkey", ...command]), {
      cwd: this.#state,
    });
  }

  /** The number of its first process on this machine. */
  async pid(): Promise<number> {
    const state: { pid: number } = JSON.parse(
      await run("unshare", crun(this.#state, ["state", "latchkey"]), { cwd: this.#state }),
    );
    return state.pid;
  }

  /** Sends a signal to the first process alone, as an engine does. */
  async signal(name: string): Promise<void> {
    await run("unshare", crun(this.#state, ["kill", "latchkey", name]), { cwd: this.#state });
  }

  /** Sends the signal of the image and waits for the end. */
  async stop(): Promise<Exit> {
    await this.signal("SIGTERM");
    return await this.program.exited;
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { signal } from "../signal.ts";
import { freePort } from "../sockets.ts";

/** The longest time from the start to the first answer, in milliseconds. */
const startTimeout = 180_000;

/** The administrator of a started Keycloak, which only programs on this machine can reach. */
export const bootstrapAdmin = { username: "bootstrap", password: "bootstrap, for tests alone" } as const;

export interface KeycloakOptions {
  /** The folder of the built distribution. */
  readonly programs: string;
  /** A folder with the database to start from. Default: an empty one. */
  readonly seed?: string;
  /** Realm files to import. */
  readonly realms?: readonly string[];
}

/** The secret that the example realm takes from the environment. */
export const exampleSecret = "the secret of the example realm's client";

const alive = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of alive) signalBoth(child, "SIGKILL");
});

/** Signals the script and Java, which are a process group of their own. */
function signalBoth({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid !== undefined) signal(-pid, name);
}

/** A Keycloak for the tests, on a free port of this machine, with a small heap and a database in a folder. */
export class KeycloakProcess implements AsyncDisposable {
  readonly url: string;
  readonly home: string;
  readonly port: number;
  #child: ChildProcess;

  private constructor(home: string, port: number) {
    this.home = home;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.#child = this.#spawn();
  }

  static async start({ programs, seed, realms = [] }: KeycloakOptions): Promise<KeycloakProcess> {
    const home = mkdtempSync(join(tmpdir(), "latchkey-keycloak-"));
    mkdirSync(join(home, "bin"));
    // Keycloak's home is the folder above its script. All processes share the folders that it only reads.
    copyFileSync(join(programs, "bin/kc.sh"), join(home, "bin/kc.sh"));
    for (const shared of ["lib", "conf", "providers"])
      symlinkSync(join(programs, shared), join(home, shared));
    mkdirSync(join(home, "data/import"), { recursive: true });
    if (seed !== undefined) cpSync(join(seed, "h2"), join(home, "data/h2"), { recursive: true });
    for (const [index, file] of realms.entries()) {
      copyFileSync(file, join(home, `data/import/realm-${index}.json`));
    }
    const keycloak = new KeycloakProcess(home, await freePort());
    await keycloak.#answers();
    return keycloak;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Kills it, as a power cut would. */
  kill(): Promise<void> {
    return this.stop("SIGKILL");
  }

  /** Starts it again on the same port and database, and returns before it answers. */
  begin(): void {
    this.#child = this.#spawn();
  }

  /** Stops the process: it keeps its connections and does not answer. */
  freeze(): void {
    signalBoth(this.#child, "SIGSTOP");
  }

  thaw(): void {
    signalBoth(this.#child, "SIGCONT");
  }

  async stop(name: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    // A frozen process handles SIGTERM only when it goes on.
    signalBoth(child, "SIGCONT");
    signalBoth(child, name);
    await gone;
    alive.delete(child);
  }

  /** Removes all its files. */
  forget(): void {
    rmSync(this.home, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    this.forget();
  }

  #spawn(): ChildProcess {
    const log = openSync(join(this.home, "log"), "a");
    const http = [`--http-port=${this.port}`, "--http-host=127.0.0.1", "--http-enabled=true"];
    const args = ["start", "--optimized", ...http, "--hostname-strict=false", "--import-realm"];
    const child = spawn("sh", [join(this.home, "bin/kc.sh"), ...args], {
      stdio: ["ignore", log, log],
      // Java is the script's child: signals go to both.
      detached: true,
      env: {
        ...process.env,
        JAVA_OPTS_KC_HEAP: "-Xms128m -Xmx512m",
        KC_BOOTSTRAP_ADMIN_USERNAME: bootstrapAdmin.username,
        KC_BOOTSTRAP_ADMIN_PASSWORD: bootstrapAdmin.password,
        LATCHKEY_KEYCLOAK_CLIENT_SECRET: exampleSecret,
      },
    });
    closeSync(log);
    alive.add(child);
    return child;
  }

  async #answers(): Promise<void> {
    for (const deadline = performance.now() + startTimeout; performance.now() < deadline; await delay(100)) {
      if (this.#child.exitCode !== null) break;
      const answer = await fetch(`${this.url}/realms/master/.well-known/openid-configuration`).catch(
        () => undefined,
      );
      await answer?.body?.cancel();
      if (answer?.status === 200) return;
    }
    await this.kill();
    throw new Error(
      `Keycloak does not answer:\n${readFileSync(join(this.home, "log"), "utf8").slice(-4000)}`,
    );
  }
}

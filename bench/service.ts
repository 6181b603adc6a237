import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { type Launch, launch, stop } from "./children.ts";
import type { Processor } from "./processors.ts";
import { administrator } from "./requests.ts";

/** How long a service may take to listen, in milliseconds. */
const startTimeout = 20_000;

/** A running server, or a bare one for comparison. */
export interface Service extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
}

/** A folder for databases. It is beside the code, because a temporary folder may be in memory. */
export function scratchFolder(): Disposable & { readonly path: string } {
  const parent = new URL("./data/", import.meta.url).pathname;
  mkdirSync(parent, { recursive: true });
  const path = mkdtempSync(parent);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Starts a service and waits until its log says `listening at`. The log goes to a file in `folder`. */
export async function startService(folder: string, options: Launch): Promise<Service> {
  const logFile = `${mkdtempSync(`${folder}/log-`)}/out.log`;
  const log = openSync(logFile, "w");
  const child = launch(options, log);
  closeSync(log);
  try {
    for (const deadline = performance.now() + startTimeout; performance.now() < deadline; await delay(2)) {
      const [, port] = /listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(readFileSync(logFile, "utf8")) ?? [];
      if (port !== undefined && child.pid !== undefined) {
        return { port: Number(port), pid: child.pid, [Symbol.asyncDispose]: () => stop(child) };
      }
      if (child.exitCode !== null) break;
    }
    throw new Error(`${options.script.pathname} does not listen:\n${readFileSync(logFile, "utf8")}`);
  } catch (error) {
    await stop(child);
    throw error;
  }
}

export interface LatchkeyOptions {
  readonly folder: string;
  readonly processor: Processor;
  readonly settings?: Readonly<Record<string, string>>;
  /** A file in the folder; undefined if the settings name the database. */
  readonly database?: string | undefined;
  /** The command. Default: that of this checkout. */
  readonly script?: URL;
}

/** The command of this checkout. */
export const ownCommand = new URL("../packages/server/bin/latchkey.js", import.meta.url);

/** The command of the built package. `npm run bench` builds it. */
export const builtCommand = new URL("../packages/server/dist/bin/latchkey.js", import.meta.url);

/** Starts the real server, with `administrator` as its first administrator and without throttling. */
export function startLatchkey({
  folder,
  processor,
  settings,
  script = ownCommand,
  ...more
}: LatchkeyOptions) {
  const database = "database" in more ? more.database : "latchkey.db";
  const unlimited = "1000000/1h";
  return startService(folder, {
    script,
    args: [
      "serve",
      "--port",
      "0",
      ...(database === undefined ? [] : ["--database", `${folder}/${database}`]),
    ],
    environment: {
      // The option of `npm start`.
      NODE_OPTIONS: "--max-semi-space-size=2",
      LATCHKEY_ADMIN_PASSWORD: administrator.password,
      LATCHKEY_THROTTLE_PAIR: unlimited,
      LATCHKEY_THROTTLE_ACCOUNT: unlimited,
      LATCHKEY_THROTTLE_ADDRESS: unlimited,
      ...settings,
    },
    processor,
  });
}

import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { login, send } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { freePort } from "@latchkey/testkit/sockets";
import { until } from "@latchkey/testkit/until";
import { afterAll, describe, expect, test } from "vitest";
import { SmallVolume } from "./small-volume.ts";

const place = new Place();
const command = fileURLToPath(new URL("../../bin/latchkey.js", import.meta.url));
const volume = new SmallVolume(place.path("volume"), 16);
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
  volume[Symbol.dispose]();
});

interface Loud {
  readonly url: string;
  readonly child: ChildProcess;
  readonly exited: Promise<unknown[]>;
}

/** Timeout of a start or stop, in milliseconds. A server ends itself after 15 seconds. */
const processTimeout = 14_000;

/** Starts a command through another program. */
type Wrap = (words: readonly string[]) => readonly string[];

/** A server that logs at `debug`, with standard output and standard error as given. */
async function loudServer(stdio: SpawnOptions["stdio"], wrap: Wrap = (words) => words): Promise<Loud> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const flags = ["--port", String(port), "--database", place.path(`${port}.db`), "--log-level", "debug"];
  const environment = {
    LATCHKEY_ADMIN_PASSWORD: adminPassword,
    LATCHKEY_HASH_MEMORY: "64",
    LATCHKEY_ALLOW_INSECURE: "hash",
  };
  const [program = "", ...args] = wrap([process.execPath, command, "serve", ...flags]);
  const child = spawn(program, args, {
    env: { PATH: process.env["PATH"], ...environment },
    stdio: stdio ?? "ignore",
  });
  started.push(child);
  const exited = once(child, "exit");
  const isUp = async () => (await send(`${url}/health/live`).catch(() => undefined))?.status === 200;
  await until("the server answers", isUp, processTimeout);
  return { url, child, exited };
}

const lostLines = async (url: string): Promise<number> =>
  Number(/^latchkey_log_lines_lost_total (\d+)$/m.exec((await send(`${url}/metrics`)).text)?.[1]);

/** Causes refusals on one pipelined connection. Each is a line of the log at `debug`. */
async function refusals(url: string, count: number): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).setEncoding("utf8");
  socket.write("GET /auth/me HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(count - 1));
  socket.write("GET /auth/me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  let answers = "";
  for await (const text of socket) answers += text;
  expect(answers.match(/HTTP\/1\.1 401 /g)).toHaveLength(count);
}

async function stops({ child, exited }: Loud): Promise<unknown[]> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), processTimeout);
  const exit = await exited;
  clearTimeout(timer);
  return exit;
}

const clean = [0, null];

/** The process id of the server behind the program that started it. */
function innerProcess({ child: { pid } }: Loud): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ")[0]);
}

/** Whether a process has ended. It stays as a zombie until its parent reads its status. */
function hasEnded(pid: number): boolean {
  return !existsSync(`/proc/${pid}`) || / Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

describe("a server runs on, and stops with status 0, if its standard output", () => {
  test("fails with ENOSPC", async () => {
    const full = openSync("/dev/full", "w");
    const server = await loudServer(["ignore", full, full]);
    closeSync(full);
    await refusals(server.url, 100);
    expect((await login(server.url, "admin", adminPassword)).status).toBe(200);
    expect(await stops(server)).toEqual(clean);
  });

  test("is a pipe that its reader has closed", async () => {
    const server = await loudServer(["ignore", "pipe", "pipe"]);
    server.child.stdout?.destroy();
    server.child.stderr?.destroy();
    await refusals(server.url, 100);
    expect((await login(server.url, "admin", adminPassword)).status).toBe(200);
    expect(await stops(server)).toEqual(clean);
  });

  test("is a pipe without a reader", async () => {
    const server = await loudServer(["ignore", "pipe", "ignore"]);
    await refusals(server.url, 8000);
    expect(await stops(server)).toEqual(clean);
  });

  test("is a pipe without a reader, as the first process of a container", async () => {
    const server = await loudServer(["ignore", "pipe", "ignore"], (words) => [
      "unshare",
      "--pid",
      "--fork",
      "--kill-child",
      "--mount-proc",
      ...words,
    ]);
    await refusals(server.url, 8000);
    const inner = innerProcess(server);
    process.kill(inner, "SIGTERM");
    const timer = setTimeout(() => process.kill(inner, "SIGKILL"), processTimeout);
    expect(await server.exited).toEqual(clean);
    clearTimeout(timer);
  });
});

test("a server runs on, and stops, if its terminal is suspended", async () => {
  // `script` makes a terminal, and stops reading from it when its own output has no reader.
  const inTerminal: Wrap = (words) => [
    "script",
    "--quiet",
    "--command",
    `exec ${words.join(" ")}`,
    "/dev/null",
  ];
  const server = await loudServer(["pipe", "pipe", "ignore"], inTerminal);
  await refusals(server.url, 8000);
  const inner = innerProcess(server);
  process.kill(inner, "SIGTERM");
  await until("the server has ended", () => hasEnded(inner), processTimeout);
  server.child.kill("SIGKILL");
});

test("dropped lines are counted, and logged when the disk has room again", async () => {
  volume.fill(64 * 1024);
  const log = openSync(volume.path("log"), "a");
  const server = await loudServer(["ignore", log, "ignore"]);
  closeSync(log);
  for (let round = 0; (await lostLines(server.url)) === 0; round++) {
    expect(round).toBeLessThan(60);
    await refusals(server.url, 1000);
  }
  expect((await login(server.url, "admin", adminPassword)).status).toBe(200);

  volume.drain();
  const lines = () => readFileSync(volume.path("log"), "utf8").trim().split("\n");
  const told = () => lines().filter((line) => line.includes("log lines were lost"));
  await until("the loss is logged", () => told().length > 0, processTimeout);
  expect(JSON.parse(told()[0] ?? "")).toMatchObject({ level: 40, lines: await lostLines(server.url) });
  expect(await stops(server)).toEqual(clean);
});

test("a command reports output that does not fit, with status 1", async () => {
  const full = openSync("/dev/full", "w");
  const child = spawn(process.execPath, [command, "--help"], { stdio: ["ignore", full, "pipe"] });
  closeSync(full);
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  expect(await once(child, "close")).toEqual([1, null]);
  expect(said).toMatch(/^latchkey: cannot write to standard output \(ENOSPC/);
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { installed } from "../install.ts";
import type { Peer, PeerKind, PeerOptions } from "./peer.ts";

const script = join(import.meta.dirname, "peer.py");

/** Programs on the Python SDK. */
export const python: readonly PeerKind[] = [
  { name: "the Python SDK v1", connect: (options) => connect(1, options) },
  { name: "the Python SDK v2", connect: (options) => connect(2, options) },
];

async function connect(
  major: 1 | 2,
  { address, browser, clientName, documentUrl }: PeerOptions,
): Promise<Peer> {
  const child = spawn(
    installed.python[major],
    [script, address, clientName, ...(documentUrl === undefined ? [] : [documentUrl])],
    {
      env: { PATH: process.env["PATH"], ...browser.env },
      stdio: ["pipe", "pipe", "pipe"],
    },
  );
  let log = "";
  child.stderr.on("data", (chunk: unknown) => {
    log += String(chunk);
  });
  const ended = once(child, "close");
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();

  async function answer(): Promise<unknown> {
    const { value, done } = await lines.next();
    if (done !== true) return JSON.parse(value);
    browser.assertNoFailure();
    throw new Error(`the program has ended:\n${log}`);
  }

  function ask(call: object): Promise<unknown> {
    child.stdin.write(`${JSON.stringify(call)}\n`);
    return answer();
  }

  await answer();
  return {
    tools: async () => [await ask({})].flat().map(String),
    call: async (tool, args = {}) => String(await ask({ tool, arguments: args })),
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}

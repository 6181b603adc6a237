import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCall, readList } from "@latchkey/testkit/mcp/notes-clients";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { installed } from "../install.ts";
import type { Peer, PeerKind, PeerOptions } from "./peer.ts";

/** Milliseconds until the bridge has started, has let its user sign in, and answers. */
const connectTimeout = 100_000;

/** The bridge with which programs that know stdio alone reach a remote server. */
export const mcpRemote: PeerKind = {
  name: "mcp-remote",
  async connect(options) {
    const folder = mkdtempSync(join(tmpdir(), "latchkey-mcp-remote-"));
    const peer = await connectBridge(options, folder);
    return {
      ...peer,
      async [Symbol.asyncDispose]() {
        await peer[Symbol.asyncDispose]();
        rmSync(folder, { recursive: true });
      },
    };
  },
};

/** Connects a bridge that keeps its registration and its tokens in a folder. Bridges may share one. */
export async function connectBridge(
  { address, browser, clientName, documentUrl }: PeerOptions,
  folder: string,
): Promise<Peer> {
  const identity =
    documentUrl === undefined
      ? ["--static-oauth-client-metadata", JSON.stringify({ client_name: clientName })]
      : ["--client-metadata-url", documentUrl];
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [installed.mcpRemote, address, ...identity],
    env: { ...browser.env, HOME: folder, MCP_REMOTE_CONFIG_DIR: folder, PATH: process.env["PATH"] ?? "" },
    stderr: "pipe",
  });
  let log = "";
  transport.stderr?.on("data", (chunk: unknown) => {
    log += String(chunk);
  });
  const client = new Client({ name: "a desktop program", version: "1.0.0" });

  /** Adds the log of the bridge to a failure. */
  async function explained<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (error) {
      browser.assertNoFailure();
      throw new Error(`${error}\n${log}`, { cause: error });
    }
  }

  await explained(client.connect(transport, { timeout: connectTimeout }));
  return {
    tools: async () => readList(await explained(client.listTools())).map(({ name }) => name),
    async call(name, args = {}) {
      const result = await explained(client.callTool({ name, arguments: { ...args } }));
      return readCall(result).content[0]?.text ?? "";
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

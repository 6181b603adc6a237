import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as StdioClientTransportV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as StreamableHTTPClientTransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { z } from "zod";

const resultSchema = z.object({
  isError: z.boolean().optional(),
  content: z.array(z.looseObject({ text: z.string() })),
  structuredContent: z.record(z.string(), z.unknown()).optional(),
  _meta: z.record(z.string(), z.unknown()).optional(),
});
const listSchema = z.object({
  tools: z.array(
    z.looseObject({
      name: z.string(),
      inputSchema: z.record(z.string(), z.unknown()),
      annotations: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
});

export type CallResult = z.infer<typeof resultSchema>;
export type ListedTool = z.infer<typeof listSchema>["tools"][number];

export const readCall = (result: unknown): CallResult => resultSchema.parse(result);
export const readList = (result: unknown): readonly ListedTool[] => listSchema.parse(result).tools;

/** A client of either major version of the SDK, with the operations of these tests. */
export interface NotesClient extends AsyncDisposable {
  list(): Promise<readonly ListedTool[]>;
  call(name: string, args?: Readonly<Record<string, unknown>>): Promise<CallResult>;
  /** The standard error of the server's process. */
  stderr(): string;
}

/** A way to reach a server: a process to start, or an address. */
export type Target = Program | Address;

interface Program {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

interface Address {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Connects a client of a major version. Version 2 speaks the newest revision that the server knows. */
export async function connect(major: 1 | 2, target: Target): Promise<NotesClient> {
  const heard = new Heard();
  const client = await heard.during(major === 1 ? connectV1(target, heard) : connectV2(target, heard));
  return {
    list: async () => readList(await heard.during(client.listTools())),
    call: async (name, args) => {
      const call = { name, ...(args && { arguments: { ...args } }) };
      return readCall(await heard.during(client.callTool(call)));
    },
    stderr: () => heard.stderr,
    [Symbol.asyncDispose]: () => client.close(),
  };
}

interface AnyClient {
  listTools(): Promise<unknown>;
  callTool(call: { name: string; arguments?: Record<string, unknown> }): Promise<unknown>;
  close(): Promise<void>;
}

async function connectV1(target: Target, heard: Heard): Promise<AnyClient> {
  const client = new ClientV1({ name: "client", version: "1.0.0" });
  if ("args" in target) {
    const transport = new StdioClientTransportV1(processOf(target));
    transport.stderr?.on("data", heard.write);
    await client.connect(transport);
  } else {
    const transport = new StreamableHTTPClientTransportV1(new URL(target.url), requestsOf(target, heard));
    // With exact optional properties, the SDK's transport does not match the SDK's own types.
    await client.connect(transport as Parameters<ClientV1["connect"]>[0]);
  }
  return client;
}

async function connectV2(target: Target, heard: Heard): Promise<AnyClient> {
  const client = new Client({ name: "client", version: "2.0.0" }, { versionNegotiation: { mode: "auto" } });
  if ("args" in target) {
    const transport = new StdioClientTransport(processOf(target));
    transport.stderr?.on("data", heard.write);
    await client.connect(transport);
  } else {
    await client.connect(new StreamableHTTPClientTransport(new URL(target.url), requestsOf(target, heard)));
  }
  return client;
}

function processOf({ args, env }: Program) {
  // The SDK's transport passes few variables on. Without a cache, each start compiles its TypeScript anew.
  const cache = process.env["NODE_COMPILE_CACHE"];
  const variables = { ...(cache !== undefined && { NODE_COMPILE_CACHE: cache }), ...env };
  return { command: process.execPath, args: [...args], env: variables, stderr: "pipe" as const };
}

function requestsOf({ headers }: Address, { fetch }: Heard) {
  return { fetch, requestInit: { headers: { ...headers } } };
}

/** Output of a server besides its answers. */
class Heard {
  stderr = "";
  #refusals = "";

  readonly write = (chunk: unknown): void => {
    this.stderr += String(chunk);
  };

  readonly fetch: typeof globalThis.fetch = async (...request) => {
    const response = await fetch(...request);
    if (!response.ok) this.#refusals += await response.clone().text();
    return response;
  };

  /** @throws {Error} the client's error, with the bodies of the refusals that caused it */
  async during<Result>(work: Promise<Result>): Promise<Result> {
    this.#refusals = "";
    try {
      return await work;
    } catch (error) {
      throw new Error(`${error} ${this.#refusals}`);
    }
  }
}

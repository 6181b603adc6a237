import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { type CallResult, readCall, readList } from "@latchkey/testkit/mcp/notes-clients";
import { Client } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport as InMemoryTransportV1 } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer as McpServerV1 } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport as StdioServerTransportV1 } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { InMemoryTransport, McpServer } from "@modelcontextprotocol/server";
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";
import { guardTools, type ToolPolicy, type ToolRules } from "../../src/mcp/index.ts";
import { guardTools as guardToolsV1 } from "../../src/mcp/v1.ts";

type Handler = (args: unknown) => string;

/** A registered tool, with the later changes that these tests make. */
export interface AnyTool {
  rename(name: string): void;
  remove(): void;
  replaceHandler(handler: Handler): void;
  /** The same by an assignment to the tool, which one of the majors reads. */
  writeHandler(handler: Handler): void;
  replaceSchema(shape: { [name: string]: z.ZodType }): void;
  /** Calls its handler past the server, as code of the same process could. */
  callDirectly(): Promise<unknown>;
}

/** A server of either major version, with the operations of these tests. */
export interface AnyServer {
  guard(policy: ToolPolicy<ToolRules>): void;
  tool(name: string, handler?: Handler, inputSchema?: z.ZodType): AnyTool;
  /** Sets a handler of its own for a method, in place of the SDK's. */
  handle(method: "tools/call" | "tools/list"): void;
  onerror(listener: (error: Error) => void): void;
  /** @param over `stdio`: the SDK's own transport, on streams within the process */
  connect(over?: "memory" | "stdio"): Promise<AnyConnection>;
}

export interface AnyConnection {
  list(): Promise<readonly { readonly name: string }[]>;
  call(name: string, args?: Record<string, unknown>): Promise<CallResult>;
  /** Sends a message that a client of the SDK would never send. */
  send(message: unknown): void;
}

/** Makes a server of a major version. `connect` adds a client of the same version. */
export function makeServer(major: 1 | 2, capabilities = {}): AnyServer {
  return major === 1 ? serverV1(capabilities) : serverV2(capabilities);
}

const text = (text: string) => ({ content: [{ type: "text" as const, text }] });
const callback = (handler: Handler) => (args: unknown) => text(handler(args));
const looseArgs = z.looseObject({});
/** Calls a handler with arguments and a context, as the SDK does. */
const directly = (handler: unknown) =>
  typeof handler === "function" ? Reflect.apply(handler, undefined, [{}, {}]) : undefined;

function serverV2(capabilities: object): AnyServer {
  const server = new McpServer({ name: "server", version: "2" }, { capabilities });
  return {
    guard: (policy) => void guardTools(server, policy),
    tool(name, handler = () => name, inputSchema = looseArgs) {
      const tool = server.registerTool(name, { inputSchema }, callback(handler));
      return {
        rename: (name) => tool.update({ name }),
        remove: () => tool.remove(),
        replaceHandler: (handler) => tool.update({ callback: callback(handler) }),
        writeHandler: (handler) => {
          tool.handler = callback(handler);
        },
        replaceSchema: (shape) => tool.update({ paramsSchema: z.object(shape) }),
        callDirectly: async () => await directly(tool.handler),
      };
    },
    handle(method) {
      if (method === "tools/list") server.server.setRequestHandler(method, () => ({ tools: [] }));
      else server.server.setRequestHandler(method, () => text("past the guard"));
    },
    onerror: (listener) => {
      server.server.onerror = listener;
    },
    async connect(over) {
      const [near, far] = InMemoryTransport.createLinkedPair();
      const client = new Client({ name: "client", version: "2" });
      await server.connect(over === "stdio" ? new StdioServerTransport(...streamsTo(far)) : far);
      await client.connect(near);
      return connectionOf(client, far);
    },
  };
}

function serverV1(capabilities: object): AnyServer {
  const server = new McpServerV1({ name: "server", version: "1" }, { capabilities });
  return {
    guard: (policy) => void guardToolsV1(server, policy),
    tool(name, handler = () => name, inputSchema = looseArgs) {
      const tool = server.registerTool(name, { inputSchema }, callback(handler));
      return {
        rename: (name) => tool.update({ name }),
        remove: () => tool.remove(),
        replaceHandler: (handler) => tool.update({ callback: callback(handler) }),
        writeHandler: (handler) => {
          tool.handler = callback(handler);
        },
        replaceSchema: (paramsSchema) => tool.update({ paramsSchema }),
        callDirectly: async () => await directly(tool.handler),
      };
    },
    handle(method) {
      if (method === "tools/list")
        server.server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [] }));
      else server.server.setRequestHandler(CallToolRequestSchema, () => text("past the guard"));
    },
    onerror: (listener) => {
      server.server.onerror = listener;
    },
    async connect(over) {
      const [near, far] = InMemoryTransportV1.createLinkedPair();
      const client = new ClientV1({ name: "client", version: "1" });
      await server.connect(over === "stdio" ? new StdioServerTransportV1(...streamsTo(far)) : far);
      await client.connect(near);
      return connectionOf(client, far);
    },
  };
}

/** Streams for a server's stdio transport. Its client is at the other end of a transport in memory. */
function streamsTo(far: InMemoryTransport | InMemoryTransportV1): [PassThrough, PassThrough] {
  const [input, output] = [new PassThrough(), new PassThrough()];
  far.onmessage = (message: unknown) => input.write(`${JSON.stringify(message)}\n`);
  createInterface(output).on("line", (line) => void far.send(JSON.parse(line)));
  return [input, output];
}

interface AnyClient {
  listTools(): Promise<unknown>;
  callTool(call: { name: string; arguments?: Record<string, unknown> }): Promise<unknown>;
}

function connectionOf(client: AnyClient, transport: object): AnyConnection {
  return {
    list: async () => readList(await client.listTools()),
    call: async (name, args) => readCall(await client.callTool({ name, ...(args && { arguments: args }) })),
    send: (message) => {
      const receive: unknown = Reflect.get(transport, "onmessage");
      if (typeof receive === "function") Reflect.apply(receive, transport, [message]);
    },
  };
}

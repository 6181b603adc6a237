import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { expect } from "vitest";

/** The major versions of the official client. */
export const majors = [2, 1] as const;

type Members = Readonly<Record<string, unknown>>;

/** The end of a tool call. */
export interface Called {
  /** The tool's answer; undefined after a refusal. */
  readonly value: Members | undefined;
  /** The text of a refusal. */
  readonly problem: string | undefined;
  readonly code: unknown;
}

export interface ListedTool {
  readonly name: string;
  readonly description?: string | undefined;
  readonly inputSchema: Members;
  readonly annotations?: Members | undefined;
}

/** An official client, with the operations of these tests. */
export interface McpClient extends AsyncDisposable {
  list(): Promise<readonly ListedTool[]>;
  call(tool: string, args?: Members): Promise<Called>;
}

/** Connects a client of a major version. @param token sent as its bearer header, if given */
export async function connectMcp(major: 1 | 2, url: string, token?: string): Promise<McpClient> {
  const client = await (major === 1 ? connectV1 : connectV2)(new URL(`${url}/mcp`), headersFor(token));
  return {
    list: async () => (await client.listTools()).tools,
    call: async (name, args) => calledOf(await client.callTool({ name, arguments: { ...args } })),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

interface AnyClient {
  listTools(): Promise<{ readonly tools: readonly ListedTool[] }>;
  callTool(call: { name: string; arguments: Record<string, unknown> }): Promise<object>;
  close(): Promise<void>;
}

async function connectV1(url: URL, headers: Record<string, string>): Promise<AnyClient> {
  const client = new ClientV1({ name: "test", version: "1.0.0" });
  const transport = new TransportV1(url, { requestInit: { headers } });
  // With exact optional properties, the SDK's transport does not match the SDK's own types.
  await client.connect(transport as Parameters<ClientV1["connect"]>[0]);
  return client;
}

async function connectV2(url: URL, headers: Record<string, string>): Promise<AnyClient> {
  const client = new Client({ name: "test", version: "2.0.0" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
  return client;
}

function headersFor(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** Reads a result. Its value for programs and its text for models must be the same. */
function calledOf(result: object): Called {
  const { isError, content, structuredContent, _meta }: Members = { ...result };
  const text = textOf(content);
  if (isError === true) {
    expect(structuredContent).toBeUndefined();
    return { value: undefined, problem: text, code: membersOf(_meta)["latchkey/code"] };
  }
  expect(JSON.parse(text)).toEqual(structuredContent);
  return { value: membersOf(structuredContent), problem: undefined, code: undefined };
}

function textOf(content: unknown): string {
  const [first] = Array.isArray(content) ? content : [];
  return String(membersOf(first)["text"]);
}

export function membersOf(value: unknown): Members {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

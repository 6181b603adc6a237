import { type CallResult, connect, type ListedTool } from "@latchkey/testkit/mcp/notes-clients";
import { expect } from "vitest";

/** The major versions of the official client. */
export const majors = [2, 1] as const;

type Members = Readonly<Record<string, unknown>>;

/** The outcome of a tool call. */
export interface Called {
  /** The tool's answer; undefined after a refusal. */
  readonly value: Members | undefined;
  /** The text of a refusal. */
  readonly problem: string | undefined;
  readonly code: unknown;
}

/** An official client, with the operations of these tests. */
export interface McpClient extends AsyncDisposable {
  list(): Promise<readonly ListedTool[]>;
  call(tool: string, args?: Members): Promise<Called>;
}

/** The endpoint with a bearer header, and the one that takes the token as an argument. */
export type McpPath = "/mcp" | "/mcp/token-field";

/** Connects a client of a major version. @param token sent as its bearer header, if given */
export async function connectMcp(
  major: 1 | 2,
  url: string,
  token?: string,
  path: McpPath = token === undefined ? "/mcp/token-field" : "/mcp",
): Promise<McpClient> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const client = await connect(major, { url: `${url}${path}`, headers });
  return { ...client, call: async (name, args) => calledOf(await client.call(name, { ...args })) };
}

/** Reads a result. Its value for programs and its text for models must be the same. */
function calledOf({ isError, content, structuredContent, _meta }: CallResult): Called {
  const text = content[0]?.text ?? "";
  if (isError === true) {
    expect(structuredContent).toBeUndefined();
    return { value: undefined, problem: text, code: _meta?.["latchkey/code"] };
  }
  expect(JSON.parse(text)).toEqual(structuredContent);
  return { value: structuredContent, problem: undefined, code: undefined };
}

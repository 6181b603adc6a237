import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environmentOf, type TestIssuer } from "@latchkey/testkit/mcp/issuer";
import {
  type CallResult,
  connect,
  type ListedTool,
  type NotesClient,
} from "@latchkey/testkit/mcp/notes-clients";
import { isIn } from "@latchkey/testkit/mcp/tokens";
import { until } from "@latchkey/testkit/until";
import { expect, vi } from "vitest";
import { serveNotes } from "./notes-http.ts";
import { Evidence } from "./notes-policy.ts";

const program = join(import.meta.dirname, "notes-server-process.ts");

/** A client, a server and a transport between them. Both majors understand each other. */
export interface Way {
  readonly client: 1 | 2;
  readonly server: 1 | 2;
  readonly transport: "stdio" | "HTTP";
}

export const ways: readonly Way[] = ([2, 1] as const).flatMap((client) =>
  ([2, 1] as const).flatMap((server) =>
    (["stdio", "HTTP"] as const).map((transport) => ({ client, server, transport })),
  ),
);

/** The tokens of a call, by their place. */
export interface Placed {
  /** In the header over HTTP, in the server's environment over stdio. */
  readonly around?: string | undefined;
  /** In the call's own arguments. */
  readonly field?: string | undefined;
}

/** A server and a client of it. */
export interface World extends AsyncDisposable {
  /** All tokens that were sent to the server. */
  readonly tokens: Set<string>;
  /** Runs work with a client that has this token in its header or its environment. */
  with<Result>(around: string | undefined, work: (client: NotesClient) => Promise<Result>): Promise<Result>;
  /** Every value that the server received or wrote. */
  evidence(): string;
}

export async function makeWorld(way: Way, issuer: TestIssuer): Promise<World> {
  return way.transport === "stdio" ? await overStdio(way, issuer) : await overHttp(way, issuer);
}

async function overStdio({ client: major, server }: Way, issuer: TestIssuer): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), "notes-"));
  const file = join(directory, "token");
  writeFileSync(file, "");
  const env = { ...(await environmentOf(issuer)), NOTES_TOKEN_FILE: file };
  const client = await connect(major, { args: [program, String(server)], env });
  return {
    tokens: new Set(),
    with: (around, work) => {
      writeFileSync(file, around ?? "");
      return work(client);
    },
    evidence: client.stderr,
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true });
    },
  };
}

async function overHttp({ client: major, server }: Way, issuer: TestIssuer): Promise<World> {
  const evidence = new Evidence();
  const spies = (["log", "info", "warn", "error", "debug"] as const).map((method) =>
    vi.spyOn(console, method).mockImplementation((...said) => evidence.note("console", ...said)),
  );
  const policy = {
    guard: issuer.guard(),
    withoutBearer: "field" as const,
    tokenField: "token",
    onDecision: evidence.decided,
  };
  const http = await serveNotes(server, { ...policy, authorizationServers: [issuer.issuer] }, evidence);
  return {
    tokens: new Set(),
    with: async (around, work) => {
      const headers: Record<string, string> =
        around === undefined ? {} : { authorization: `Bearer ${around}` };
      await using client = await connect(major, { url: http.url, headers });
      return await work(client);
    },
    evidence: () => evidence.text(),
    [Symbol.asyncDispose]: async () => {
      for (const spy of spies) spy.mockRestore();
      await http[Symbol.asyncDispose]();
    },
  };
}

/** The tool's answer, or the code of a denial by the HTTP gate or by the tool. */
export async function outcome(
  world: World,
  { around, field }: Placed,
  tool: string,
  args: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  for (const token of [around, field]) if (token !== undefined) world.tokens.add(token);
  const sent = { ...args, ...(field !== undefined && { token: field }) };
  const ended = await endOf(world.with(around, (client) => client.call(tool, sent)));
  for (const token of [around, field]) if (token !== undefined) expect(isIn(ended, token)).toBe(false);
  return ended;
}

/** Asserts that no sent token is in any value that the server received or wrote. */
export async function assertNoTokens(world: World, issuer: TestIssuer): Promise<void> {
  const token = await issuer.token();
  // Output arrives in order: after the last word, all earlier output is here.
  expect(await outcome(world, { field: token }, "search", { text: "the last word" })).toContain(
    "the last word",
  );
  await until("its last output arrives", () => world.evidence().includes("the last word"), 10_000);
  const evidence = world.evidence();
  for (const sent of world.tokens) expect(isIn(evidence, sent)).toBe(false);
}

async function endOf(call: Promise<CallResult>): Promise<string> {
  try {
    const { _meta, content, isError } = await call;
    const text = content[0]?.text ?? "";
    return isError ? String(_meta?.["latchkey/code"] ?? text) : text;
  } catch (error) {
    const [, code] = /"code":"(\w+)"/.exec(String(error)) ?? [];
    return code ?? String(error);
  }
}

/** The listed tools, each with its required fields. */
export async function listed(world: World, around?: string): Promise<Readonly<Record<string, unknown>>> {
  const tools = await world.with(around, (client) => client.list());
  return Object.fromEntries(tools.map((tool: ListedTool) => [tool.name, tool.inputSchema["required"] ?? []]));
}

import { TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { readCall } from "@latchkey/testkit/mcp/notes-clients";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { createMcpHandler, inputRequired, McpServer } from "@modelcontextprotocol/server";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { allow } from "../../src/index.ts";
import { guardMcp, guardTools } from "../../src/mcp/index.ts";

// New in protocol revision 2026-07-28: calls of several rounds, and hints for caches.

const confirmation = z.object({ sure: z.boolean() });

/** A server with a tool that asks for confirmation, and a client that confirms. */
async function connect(issuer: TestIssuer, answer: () => void) {
  let rounds = 0;
  const policy = {
    guard: issuer.guard(),
    withoutBearer: "field" as const,
    tokenField: "token",
    tools: { purge: allow.roles("user"), hidden: allow.roles("admin") },
    resource: "http://notes.example/mcp",
    authorizationServers: [issuer.issuer],
  };
  const handler = guardMcp(
    createMcpHandler(() => {
      const options = { cacheHints: { "tools/list": { ttlMs: 60_000, cacheScope: "public" as const } } };
      const server = guardTools(new McpServer({ name: "s", version: "1" }, options), policy);
      server.registerTool("purge", {}, ({ mcpReq }) => {
        rounds += 1;
        if (mcpReq.inputResponses !== undefined) return { content: [{ type: "text", text: "purged" }] };
        const elicit = inputRequired.elicit({ message: "Sure?", requestedSchema: confirmation });
        return inputRequired({ inputRequests: { sure: elicit } });
      });
      server.registerTool("hidden", {}, () => ({ content: [] }));
      return server;
    }),
    policy,
  );
  const client = new Client(
    { name: "c", version: "1" },
    { versionNegotiation: { mode: { pin: "2026-07-28" } }, capabilities: { elicitation: { form: {} } } },
  );
  client.setRequestHandler("elicitation/create", () => {
    answer();
    return { action: "accept", content: { sure: true } };
  });
  const answers: unknown[] = [];
  const fetch = async (url: string | URL, init?: RequestInit) => {
    const response = await handler.fetch(new Request(url, init));
    answers.push(await response.clone().json());
    return response;
  };
  await client.connect(new StreamableHTTPClientTransport(new URL(policy.resource), { fetch }));
  return { client, rounds: () => rounds, last: () => answers.at(-1) };
}

describe("a call of several rounds", () => {
  it("is verified in each round with the token of that round", async () => {
    const issuer = await TestIssuer.make();
    const { client, rounds } = await connect(issuer, () => {});
    const result = await client.callTool({ name: "purge", arguments: { token: await issuer.token() } });
    expect([readCall(result).content[0]?.text, rounds()]).toEqual(["purged", 2]);
  });

  it("is denied if the session ends between two rounds", async () => {
    const issuer = await TestIssuer.make();
    const { client, rounds } = await connect(issuer, () => issuer.ended.add("session-1"));
    const result = await client.callTool({ name: "purge", arguments: { token: await issuer.token() } });
    expect(readCall(result)).toMatchObject({ isError: true, _meta: { "latchkey/code": "token_revoked" } });
    expect(rounds()).toBe(1);
  });
});

it("a guarded list is private for caches, whatever the server hints", async () => {
  const { client, last } = await connect(await TestIssuer.make(), () => {});
  await client.listTools();
  expect(last()).toMatchObject({ result: { cacheScope: "private", ttlMs: 60_000 } });
});

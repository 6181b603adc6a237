import { McpServer as McpServerV1 } from "@modelcontextprotocol/sdk/server/mcp.js";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { expectTypeOf, it } from "vitest";
import { z } from "zod";
import { allow, type Principal } from "../../src/index.ts";
import { type GuardedServer, guardTools } from "../../src/mcp/index.ts";
import { guardTools as guardToolsV1 } from "../../src/mcp/v1.ts";

// The compiler runs these tests: each `@ts-expect-error` marks a line that must not compile.

const guard = { verify: async (): Promise<Principal> => Promise.reject(new Error("never called")) };
const tools = {
  search: allow.roles("user"),
  edit: allow.when((_principal, { owner }: { readonly owner: string }) => owner !== ""),
  mine: allow.when((principal) => principal.username === "alice"),
};
const done = { content: [] };
const owned = z.object({ owner: z.string(), more: z.number() });
const other = z.object({ title: z.string() });

it("a guarded server of major 2 accepts the tools of its policy alone", () => {
  const server = guardTools(new McpServer({ name: "s", version: "1" }), { guard, tools });
  server.registerTool("search", {}, ({ principal }) => {
    expectTypeOf(principal).toEqualTypeOf<Principal>();
    return done;
  });
  server.registerTool("edit", { inputSchema: owned }, (args, { principal, mcpReq }) => {
    expectTypeOf(args).toEqualTypeOf<{ owner: string; more: number }>();
    expectTypeOf(principal).toEqualTypeOf<Principal>();
    expectTypeOf(mcpReq.signal).toEqualTypeOf<AbortSignal>();
    return done;
  });
  server.registerTool("mine", { inputSchema: other }, () => done);
  () => {
    // @ts-expect-error the policy lacks this tool
    server.registerTool("serach", {}, () => done);
    // @ts-expect-error its rule needs an owner in the arguments
    server.registerTool("edit", { inputSchema: other }, () => done);
    // @ts-expect-error its rule needs arguments
    server.registerTool("edit", {}, () => done);
    // @ts-expect-error scopes belong to the policy
    server.registerTool("search", { scopeChallenge: () => undefined }, () => done);
  };
});

it("a guarded server of major 1 accepts the tools of its policy alone", () => {
  const server = guardToolsV1(new McpServerV1({ name: "s", version: "1" }), { guard, tools });
  server.registerTool("search", {}, ({ principal }) => {
    expectTypeOf(principal).toEqualTypeOf<Principal>();
    return done;
  });
  server.registerTool("edit", { inputSchema: { owner: z.string() } }, (args, { principal, signal }) => {
    expectTypeOf(args).toEqualTypeOf<{ owner: string }>();
    expectTypeOf(principal).toEqualTypeOf<Principal>();
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
    return done;
  });
  server.registerTool("mine", { inputSchema: { title: z.string() } }, () => done);
  () => {
    // @ts-expect-error the policy lacks this tool
    server.registerTool("serach", {}, () => done);
    // @ts-expect-error its rule needs an owner in the arguments
    server.registerTool("edit", { inputSchema: { title: z.string() } }, () => done);
  };
});

it("a guarded server stays a server of the SDK", () => {
  const server = guardTools(new McpServer({ name: "s", version: "1" }), { guard, tools: {} });
  expectTypeOf(server).toExtend<McpServer>();
  createMcpHandler(() => server);
  expectTypeOf<GuardedServer<typeof tools>>().toExtend<McpServer>();
});

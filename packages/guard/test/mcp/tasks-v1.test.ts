import { TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTaskStore } from "@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { expect, it } from "vitest";
import { z } from "zod";
import { allow } from "../../src/index.ts";
import { guardTools } from "../../src/mcp/v1.ts";

const capabilities = { tasks: { requests: { tools: { call: {} } } } };

// A task is stored with its request, and any caller that knows its id can read it.
it("a guarded server refuses tools that run as tasks", async () => {
  const issuer = await TestIssuer.make();
  const server = new McpServer({ name: "s", version: "1" });
  guardTools(server, { guard: issuer.guard(), tokenField: "token", tools: { a: allow.all() } });
  const handler = { createTask: () => fail(), getTask: () => fail(), getTaskResult: () => fail() };
  expect(() => server.experimental.tasks.registerToolTask("a", {}, handler)).toThrow("runs as a task");
});

it("a guarded server stores no call that asks to be a task", async () => {
  const issuer = await TestIssuer.make();
  const taskStore = new InMemoryTaskStore();
  const server = new McpServer({ name: "s", version: "1" }, { capabilities, taskStore });
  let store: unknown = "not asked";
  guardTools(server, {
    guard: issuer.guard(),
    tokenField: "token",
    tools: { a: allow.all(), b: allow.roles("admin") },
  });
  server.registerTool("a", { inputSchema: z.looseObject({}) }, (_args, extra) => {
    store = extra.taskStore;
    return { content: [{ type: "text", text: "done" }] };
  });
  server.registerTool("b", {}, () => ({ content: [] }));
  const client = new Client({ name: "c", version: "1" }, { capabilities });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.connect(far);
  await client.connect(near);
  const token = await issuer.token();
  for (const name of ["a", "b"]) {
    const params = { name, arguments: { token }, task: { ttl: 60_000 } };
    await expect(client.request({ method: "tools/call", params }, CallToolResultSchema)).rejects.toThrow();
  }
  expect(store).toBeUndefined();
  expect(taskStore.getAllTasks()).toEqual([]);
});

function fail(): never {
  throw new Error("never called");
}

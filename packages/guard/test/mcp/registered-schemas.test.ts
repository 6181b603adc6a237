import { TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { people } from "@latchkey/testkit/mcp/tokens";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport as InMemoryTransportV1 } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer as McpServerV1 } from "@modelcontextprotocol/sdk/server/mcp.js";
import { McpServer } from "@modelcontextprotocol/server";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { allow } from "../../src/index.ts";
import { guardTools } from "../../src/mcp/index.ts";
import { guardTools as guardToolsV1 } from "../../src/mcp/v1.ts";
import { makeServer } from "./in-memory.ts";

let issuer: TestIssuer;

beforeAll(async () => {
  issuer = await TestIssuer.make();
});

const policy = () => ({ guard: issuer.guard(), tokenField: "token", tools: { a: allow.all() } });
const a = z.object({ a: z.string() });
const b = z.object({ b: z.string() });

describe.each([1, 2] as const)("a server of major %i with a tokenField, at registration", (major) => {
  it.each<[schema: string, keyword: string, schema: z.ZodType]>([
    ["z.union()", "anyOf", z.union([a, b])],
    ["z.discriminatedUnion()", "oneOf", unionByKind()],
    ["nullable()", "anyOf", a.nullable()],
    ["nullish()", "anyOf", a.nullish()],
    ["z.record()", "propertyNames", z.record(z.string(), z.number())],
    ["z.partialRecord()", "propertyNames", z.partialRecord(z.enum(["a", "b"]), z.number())],
    ["z.looseRecord()", "patternProperties", z.looseRecord(z.string().regex(/^x/), z.number())],
    ["meta({ id })", "$ref", a.meta({ id: `arguments-${major}` })],
  ])("refuses %s, with the keyword and the cure", (_schema, keyword, schema) => {
    const server = makeServer(major);
    server.guard(policy());
    expect(() => server.tool("a", undefined, schema)).toThrow(
      `guardTools: tool "a": its input schema uses "${keyword}" at its top level, so the token's field "token" ` +
        `cannot be added. List all arguments in one object's "properties", or leave out tokenField`,
    );
  });

  it.each([
    ["text", z.string()],
    ["a list", z.array(a)],
  ])("refuses %s in place of an object", (_schema, schema) => {
    const server = makeServer(major);
    server.guard(policy());
    expect(() => server.tool("a", undefined, schema)).toThrow("does not describe an object");
  });

  it.each<[schema: string, schema: z.ZodType]>([
    ["a field with a union", z.object({ either: z.union([a, b]) })],
    ["a field with a record", z.object({ values: z.record(z.string(), z.number()) })],
    ["a field that may be null", z.object({ a: a.nullable() })],
    ["a field with an id", z.object({ a: z.string().meta({ id: `field-${major}` }) })],
    ["z.intersection()", z.intersection(a, b)],
    ["z.looseObject()", z.looseObject({ a: z.string() })],
    ["z.strictObject()", z.strictObject({ a: z.string() })],
    ["catchall()", a.catchall(z.number())],
    ["refine()", a.refine(() => true)],
    ["transform()", a.transform(({ a }) => a)],
    ["optional()", a.optional()],
    ["default()", a.default({ a: "" })],
    ["meta({ title })", a.meta({ title: "Arguments" })],
  ])("accepts %s, and lists the token's field", async (_schema, schema) => {
    const server = makeServer(major);
    server.guard(policy());
    server.tool("a", undefined, schema);
    const [tool] = await (await server.connect()).list();
    expect(tool).toMatchObject({ inputSchema: { properties: { token: { type: "string" } } } });
  });
});

function unionByKind() {
  return z.discriminatedUnion("kind", [
    a.extend({ kind: z.literal("a") }),
    b.extend({ kind: z.literal("b") }),
  ]);
}

/** Names with a meaning in JSON Schema, or in the SDK's configuration of a tool. */
const names = [
  ...["inputSchema", "paramsSchema", "scopeChallenge", "shape", "title", "_meta"],
  ...["$ref", "anyOf", "oneOf", "allOf", "not", "if", "const", "enum", "type", "properties", "required"],
  ...["propertyNames", "patternProperties", "dependencies", "minProperties", "additionalProperties"],
];

describe.each(names)("an argument named %s in a record of schemas", (name) => {
  const fields = { [name]: z.string() };
  const handler = () => ({ content: [] });
  const config = { inputSchema: fields };

  it.each<[form: string, register: (server: McpServerV1) => unknown]>([
    ["registerTool()", (server) => server.registerTool("a", config, handler)],
    ["tool()", (server) => server.tool("a", fields, handler)],
    ["tool() with a description", (server) => server.tool("a", "A tool", fields, handler)],
    ["tool() with annotations", (server) => server.tool("a", fields, { readOnlyHint: true }, handler)],
    ["update()", (server) => server.registerTool("a", {}, handler).update({ paramsSchema: fields })],
  ])("is accepted by %s of major 1, and reaches the tool", async (_form, register) => {
    const server = new McpServerV1({ name: "server", version: "1" });
    guardToolsV1(server, policy());
    register(server);
    const [near, far] = InMemoryTransportV1.createLinkedPair();
    const client = new ClientV1({ name: "client", version: "1" });
    await server.connect(far);
    await client.connect(near);
    const { tools } = await client.listTools();
    expect(Object.keys(tools[0]?.inputSchema.properties ?? {})).toEqual([name, "token"]);
    const token = await issuer.token({ claims: people.user });
    const called = { name: "a", arguments: { token, [name]: "x" } };
    expect((await client.callTool(called)).isError).not.toBe(true);
    const wrong = { name: "a", arguments: { token, [name]: 1 } };
    expect((await client.callTool(wrong)).isError).toBe(true);
  });

  it("is accepted by registerTool() of major 2", () => {
    const server = new McpServer({ name: "server", version: "2" });
    guardTools(server, policy());
    // The policy's types take a schema alone. The SDK takes a record of schemas too, for programs without types.
    expect(() => Reflect.apply(server.registerTool, server, ["a", config, handler])).not.toThrow();
  });
});

it.each<[form: string, register: (server: McpServerV1) => unknown]>([
  ["registerTool()", (server) => register(server, { token: z.string() })],
  ["tool()", (server) => server.tool("a", { token: z.string() }, () => ({ content: [] }))],
])("an argument with the token's name is refused by %s of major 1", (_form, tool) => {
  const server = new McpServerV1({ name: "server", version: "1" });
  guardToolsV1(server, policy());
  expect(() => tool(server)).toThrow('already has a field "token"');
});

function register(server: McpServerV1, inputSchema: { readonly [name: string]: z.ZodType }): unknown {
  return server.registerTool("a", { inputSchema }, () => ({ content: [] }));
}

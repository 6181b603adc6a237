import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDemo } from "@latchkey/testkit/demo";
import { Place } from "@latchkey/testkit/server/server-process";
import { minVersion } from "semver";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { sourceManifest } from "../manifest.ts";
import { packages } from "../packages.ts";
import { ProgramFolder } from "./consumer.ts";
import { commandOf, compilerCommand, nodes } from "./runtimes.ts";

const place = new Place();
const project = mkdtempSync(join(tmpdir(), "latchkey-peers-"));
afterAll(() => rmSync(project, { recursive: true }));

/** The oldest version of each peer that the guard claims to work with, such as `fastify@5.0.0`. */
const oldest = packages
  .filter(({ folder }) => folder === "guard")
  .flatMap((guard) => Object.entries(sourceManifest(guard).peerDependencies ?? {}))
  .map(([name, range]) => `${name}@${minVersion(range)}`);

beforeAll(() => {
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true }));
  const tarballs = [inject("guard").tarball, inject("client").tarball];
  const others = ["@modelcontextprotocol/client@2.0.0", "zod@4.2.0", "@types/node@20"];
  const options = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  // Older versions of Zod 4 lack a type that SDK 2.0.0 asks for. npm refuses versions of peers that exclude each other
  // (ERESOLVE).
  execFileSync("npm", ["install", ...options, ...tarballs, ...oldest, ...others], { cwd: project });
});

/** A server of each major version of the SDK, a client of the same, and a route of Fastify. */
const program = `
import { allow, createGuard } from "@latchkey/guard";
import "@latchkey/guard/fastify";
import { guardTools } from "@latchkey/guard/mcp";
import { guardTools as guardToolsV1 } from "@latchkey/guard/mcp/v1";
import { Client } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport as InMemoryTransportV1 } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer as McpServerV1 } from "@modelcontextprotocol/sdk/server/mcp.js";
import { InMemoryTransport, McpServer } from "@modelcontextprotocol/server";
import { fastify } from "fastify";
import { z } from "zod";

const [issuer = "", token = ""] = process.argv.slice(2);
await using guard = createGuard({ issuer });
const policy = { guard, tokenField: "token", tools: { whoami: allow.roles("user") }, rolesBeforeToken: ["user"] };
const about = { name: "notes", version: "1" };

const v1 = guardToolsV1(new McpServerV1(about), policy);
v1.registerTool("whoami", { inputSchema: { word: z.string() } }, ({ word }, { principal }) => ({
  content: [{ type: "text", text: principal.username + word }],
}));
const [serverV1, clientV1] = InMemoryTransportV1.createLinkedPair();
const callerV1 = new ClientV1(about);
await Promise.all([v1.connect(serverV1), callerV1.connect(clientV1)]);

const v2 = guardTools(new McpServer(about), policy);
v2.registerTool("whoami", { inputSchema: z.object({ word: z.string() }) }, ({ word }, { principal }) => ({
  content: [{ type: "text", text: principal.username + word }],
}));
const [serverV2, clientV2] = InMemoryTransport.createLinkedPair();
const callerV2 = new Client(about);
await Promise.all([v2.connect(serverV2), callerV2.connect(clientV2)]);

for (const caller of [callerV1, callerV2]) {
  console.log(Object.keys((await caller.listTools()).tools[0]?.inputSchema.properties ?? {}).join(" "));
  for (const given of [{ token }, {}]) {
    const result = await caller.callTool({ name: "whoami", arguments: { word: "!", ...given } });
    console.log(result.isError ?? false, JSON.stringify(result.content));
  }
}

const app = fastify();
app.get("/me", { onRequest: guard.fastify() }, ({ principal }) => principal.username);
for (const headers of [{ authorization: "Bearer " + token }, {}]) {
  console.log((await app.inject({ url: "/me", headers })).statusCode);
}
process.exit();
`;

test("the guard works with the oldest peers, on the oldest Node", async () => {
  const { issuer, tokens } = await startDemo(place);
  const folder = new ProgramFolder(project);
  // Node 20 has no `await using`.
  const file = folder.write("peers.mjs", program.replace("await using", "const"));
  const said = await folder.run(commandOf(nodes.oldestForGuard), file, issuer, tokens.alice);
  const tools = [
    "word token",
    'false [{"type":"text","text":"alice!"}]',
    'true [{"type":"text","text":"An access token is required, in the argument \\"token\\""}]',
  ];
  expect(said.trimEnd().split("\n")).toEqual([...tools, ...tools, "200", "401"]);
});

test("it compiles with the types of these versions", async () => {
  const folder = new ProgramFolder(project);
  folder.write("peers.mts", program);
  const lib = ["es2023", "esnext.disposable"];
  const compilerOptions = {
    ...{ noEmit: true, strict: true, exactOptionalPropertyTypes: true, skipLibCheck: true },
    ...{ target: "es2022", module: "nodenext", lib, types: ["node"] },
  };
  folder.write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["peers.mts"] }));
  expect(await folder.run(compilerCommand("7.0.2")).catch(({ stdout }) => stdout)).toBe("");
});

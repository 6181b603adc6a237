import { describe, expect, inject, test } from "vitest";
import { ProgramFolder } from "./consumer.ts";
import { compilerCommand } from "./runtimes.ts";

// Each program has expected errors. If a type became `any`, they would be missing.

const client = `
import { AuthClient, type Call, type KnownError, localStorageStore, type TokenSet, type User } from "@latchkey/client";
import { acrossTabs } from "@latchkey/client/browser";
import { fileStore } from "@latchkey/client/file";

const auth = new AuthClient({ store: fileStore("session.json"), timeout: 1_000 });

export async function roles(): Promise<readonly string[]> {
  const call: Call<User> = auth.me();
  const result = await call.result();
  return result.ok ? result.value.roles : [hint(result.error)];
}

function hint(error: KnownError): string {
  switch (error.kind) {
    case "validation":
      return error.issues.map(({ msg }) => msg).join();
    case "rate_limit":
      return String(error.retryAfter);
    default:
      return error.message;
  }
}

export const kept: Promise<TokenSet | undefined> = Promise.resolve(fileStore("session.json").get());

export const shared = new AuthClient({ store: acrossTabs(localStorageStore()) });

// @ts-expect-error the key of a store is not the store
acrossTabs("latchkey");
// @ts-expect-error unknown option
new AuthClient({ adress: "http://127.0.0.1:8000" });
// @ts-expect-error a token is text
export const token: Promise<number> = auth.token();
// @ts-expect-error credentials are not two texts
auth.login("alice", "alice123");
`;

const guard = `
import { allow, createGuard, type Guard, type Principal, TokenError } from "@latchkey/guard";
import { createVerifier } from "@latchkey/guard/verifier";
import "@latchkey/guard/express";
import "@latchkey/guard/fastify";

const guard: Guard = createGuard({ issuer: "http://127.0.0.1:8000", audience: "notes" });
export const name: Promise<string> = guard.verify("token").then((principal: Principal) => principal.username);
export const handler = guard.fetch((_request, { principal }) => new Response(principal.username), allow.roles("admin"));
export const reason = (error: TokenError): number => error.status;
export const check = createVerifier;

// @ts-expect-error unknown option
createGuard({ isuer: "http://127.0.0.1:8000" });
// @ts-expect-error a role is text
allow.roles(1);
// @ts-expect-error a principal is not text
export const wrong: Promise<string> = guard.verify("token");
`;

const frameworks = `
import { allow, createGuard, type Principal } from "@latchkey/guard";
import "@latchkey/guard/express";
import "@latchkey/guard/fastify";
import { guardMcp, guardTools } from "@latchkey/guard/mcp";
import { guardMcp as guardMcpV1, guardTools as guardToolsV1 } from "@latchkey/guard/mcp/v1";
import { McpServer } from "@modelcontextprotocol/server";
import { McpServer as McpServerV1 } from "@modelcontextprotocol/sdk/server/mcp.js";
import express from "express";
import { fastify } from "fastify";
import { Hono } from "hono";

const guard = createGuard({ issuer: "http://127.0.0.1:8000" });
fastify().get("/me", { onRequest: guard.fastify() }, ({ principal }) => principal.username);
express().get("/me", guard.express(allow.roles("admin")), ({ principal }, response) => { response.send(principal.username); });
new Hono<{ Variables: { principal: Principal } }>().get("/me", guard.hono(), (context) => context.text(context.var.principal.username));
guardTools(new McpServer({ name: "notes", version: "1" }), { guard, tools: { search: allow.roles("user") } });
guardToolsV1(new McpServerV1({ name: "notes", version: "1" }), { guard, tools: { search: allow.roles("user") } });
export const used = [guardMcp, guardMcpV1];

// @ts-expect-error a principal has no such member
fastify().get("/me", { onRequest: guard.fastify() }, ({ principal }) => principal.userName);
`;

const tools = `
import { guardMcp, guardTools } from "@latchkey/guard/mcp";
import * as v1 from "@latchkey/guard/mcp/v1";
export const used = [guardMcp, guardTools, v1.guardMcp, v1.guardTools, v1.mcpMetadata];

// @ts-expect-error a policy is required
guardMcp(() => new Response());
// @ts-expect-error a policy is an object
v1.guardMcp("policy");
`;

const strict = { noEmit: true, strict: true, exactOptionalPropertyTypes: true, esModuleInterop: true };
const inNode = { target: "es2022", lib: ["es2022"], types: ["node"] };
const inBrowser = { target: "es2022", lib: ["es2022", "dom"], types: [] };
const nodenext = { module: "nodenext" };
const bundled = { module: "esnext", moduleResolution: "bundler" };

/** A program for each kind of module. Together they load both sets of declarations, in one run of the compiler. */
const bothModules = ["mts", "cts"];

/** Each line that the compiler prints. */
const lines = (text: string) => text.split("\n").filter((line) => line !== "");

describe.each(["5.6.3", "5.9.3", "6.0.3", "7.0.2"])("TypeScript %s", (version) => {
  /** Compiles programs beside the installed packages. @returns the compiler's errors */
  async function errorsOf(programs: readonly string[], extensions: readonly string[], options: object) {
    const folder = new ProgramFolder(inject("consumer"));
    const files = extensions.flatMap((extension) =>
      programs.map((program, at) => folder.write(`consumer-${at}.${extension}`, program)),
    );
    folder.write("tsconfig.json", JSON.stringify({ compilerOptions: { ...strict, ...options }, files }));
    return lines(await folder.run(compilerCommand(version)).catch(({ stdout }) => stdout));
  }

  test.each<[string, readonly string[], readonly string[], object]>([
    ["in Node, imported and required", [client, guard], bothModules, { ...nodenext, ...inNode }],
    ["in Node, by a bundler", [client, guard], ["ts"], { ...bundled, ...inNode }],
    ["in a browser, imported", [client], ["mts"], { ...nodenext, ...inBrowser }],
    ["in a browser or a worker, by a bundler", [client, guard], ["ts"], { ...bundled, ...inBrowser }],
  ])("client and guard %s, with every declaration checked", async (_part, programs, extensions, given) => {
    expect(await errorsOf(programs, extensions, { ...given, skipLibCheck: false })).toEqual([]);
  });

  // A check of all declarations of the frameworks takes ten seconds of processor time, and finds faults of theirs.
  test.each<[string, readonly string[], object]>([
    ["imported and required", bothModules, nodenext],
    ["by a bundler", ["ts"], bundled],
  ])("the guard in front of each framework and SDK, %s", async (_part, extensions, given) => {
    expect(await errorsOf([frameworks], extensions, { ...given, ...inNode, skipLibCheck: true })).toEqual([]);
  });

  // SDK 1.x names `HeadersInit`, which only the types of browsers have. So errors in the SDK's own files are left out.
  test("the guard's own declarations for MCP", async () => {
    const errors = await errorsOf([tools], ["mts"], { ...nodenext, ...inNode, skipLibCheck: false });
    expect(errors.filter((line) => !/node_modules\/@modelcontextprotocol\/sdk\//.test(line))).toEqual([]);
  });
});

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

const strict = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--skipLibCheck", "false"];
const inNode = ["--lib", "es2022", "--types", "node"];
const inBrowser = ["--lib", "es2022,dom", "--types", ""];
const nodenext = ["--target", "es2022", "--module", "nodenext"];
const bundled = ["--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"];
const interop = ["--esModuleInterop"];

describe.each(["5.6.3", "5.9.3", "6.0.3", "7.0.2"])("TypeScript %s", (version) => {
  test.each<[string, string, readonly string[], readonly string[]]>([
    ["ES modules, in Node", "mts", [client, guard, frameworks], [...nodenext, ...inNode]],
    ["CommonJS modules, in Node", "cts", [client, guard, frameworks], [...nodenext, ...inNode, ...interop]],
    ["a bundler, in Node", "ts", [client, guard, frameworks], [...bundled, ...inNode]],
    ["ES modules, in a browser", "mts", [client], [...nodenext, ...inBrowser]],
    ["a bundler, for a browser or a worker", "ts", [client, guard], [...bundled, ...inBrowser]],
  ])("%s", async (_part, extension, programs, options) => {
    const folder = new ProgramFolder(inject("consumer"));
    const files = programs.map((program, at) => folder.write(`consumer-${at}.${extension}`, program));
    const [command, ...args] = compilerCommand(version);
    const checked = folder.run([command, ...args, ...strict, ...options], ...files);
    expect(await checked.catch(({ stdout }) => stdout)).toBe("");
  });
});

import { inspect } from "node:util";
import { TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { isIn, people } from "@latchkey/testkit/mcp/tokens";
import { type AuthInfo, createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { beforeAll, describe, expect, it } from "vitest";
import { allow } from "../../src/index.ts";
import { guardTools } from "../../src/mcp/index.ts";

// guardTools over HTTP without guardMcp: the token is still in the header, or in `authInfo` of another middleware.

let issuer: TestIssuer;
let alice: string;
let admin: string;

beforeAll(async () => {
  issuer = await TestIssuer.make();
  alice = await issuer.token({ claims: people.premium });
  admin = await issuer.token({ claims: people.admin });
});

interface Sent {
  readonly header?: string;
  /** The header's token, as a middleware of the SDK stores it. */
  readonly authInfo?: AuthInfo;
  readonly field?: string;
}

async function call({ header, authInfo, field }: Sent) {
  let seen = "";
  const handler = createMcpHandler(() => {
    const server = guardTools(new McpServer({ name: "s", version: "1" }), {
      guard: issuer.guard(),
      tokenField: "token",
      token: admin,
      tools: { who: allow.all() },
    });
    server.registerTool("who", {}, async (context) => {
      seen = inspect(context, { depth: 10, showHidden: true, getters: true });
      seen += inspect([...(context.http?.req?.headers ?? [])]) + (await context.http?.req?.text());
      return { content: [{ type: "text", text: context.principal.userId }] };
    });
    return server;
  });
  const headers = new Headers({
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  });
  if (header !== undefined) headers.set("authorization", `Bearer ${header}`);
  const params = { name: "who", arguments: field === undefined ? {} : { token: field } };
  const request = new Request("http://notes.example/mcp", {
    method: "POST",
    headers,
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
  });
  const response = await handler.fetch(request, { ...(authInfo && { authInfo }) });
  const text = await response.text();
  for (const token of [header, field, authInfo?.token]) {
    if (token) expect(isIn(seen + text, token)).toBe(false);
  }
  return /user:\w+|latchkey\/code":"(\w+)/.exec(text)?.[0].replace('latchkey/code":"', "");
}

const info = (token: string): AuthInfo => ({ token, clientId: "c", scopes: [] });

describe("guardTools over HTTP without guardMcp", () => {
  it.each([
    ["the header", () => ({ header: alice }), "user:alice"],
    ["the SDK's own middleware", () => ({ authInfo: info(alice) }), "user:alice"],
    ["both", () => ({ header: alice, authInfo: info(alice) }), "user:alice"],
    ["the field", () => ({ field: alice }), "user:alice"],
    ["field and header", () => ({ field: alice, header: alice }), "user:alice"],
    ["field and header that differ", () => ({ field: alice, header: admin }), "token_mismatch"],
    ["header and middleware that differ", () => ({ header: alice, authInfo: info(admin) }), "token_mismatch"],
    ["nowhere: the environment's token does not count over HTTP", () => ({}), "missing_token"],
    [
      "text in the place of a held token",
      () => ({ authInfo: { ...info(""), extra: { latchkeyToken: alice } } }),
      "missing_token",
    ],
  ])("takes the token from %s", async (_name, sent, expected) => {
    expect(await call(sent())).toBe(expected);
  });
});

import { request as httpRequest } from "node:http";
import { TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { people } from "@latchkey/testkit/mcp/tokens";
import { createMcpHandler } from "@modelcontextprotocol/server";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Guard } from "../../src/index.ts";
import { guardMcp } from "../../src/mcp/index.ts";
import { type HttpNotes, serveNotes } from "./notes-http.ts";
import { Evidence, rules } from "./notes-policy.ts";
import { makeNotes } from "./notes-v2.ts";

const accepts = { accept: "application/json, text/event-stream", "content-type": "application/json" };
const callOf = (name: string, args: object) => ({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name, arguments: args },
});
const search = (args: object) => callOf("search", { text: "a", ...args });

describe.each([1, 2] as const)("a call to a server of major %i", (major) => {
  let issuer: TestIssuer;
  let guard: Guard;
  let notes: HttpNotes;
  let token: string;
  let verifications = 0;
  let decisions = 0;

  beforeAll(async () => {
    issuer = await TestIssuer.make();
    guard = issuer.guard();
    const counting = {
      verify: (text: string | null | undefined) => {
        verifications++;
        return guard.verify(text);
      },
      recall: (text: string) => guard.recall(text),
    };
    // Each decision looks up, once, which scopes the token's one scope stands for.
    const implies = new Proxy<Record<string, string[]>>(
      {},
      {
        getOwnPropertyDescriptor: () => {
          decisions++;
          return undefined;
        },
      },
    );
    const policy = {
      guard: counting,
      withoutBearer: "field" as const,
      tokenField: "token",
      authorizationServers: [issuer.issuer],
      implies,
    };
    notes = await serveNotes(major, policy, new Evidence());
  });
  afterAll(() => notes[Symbol.asyncDispose]());
  beforeEach(async () => {
    issuer.ended.clear();
    token = await issuer.token({ claims: { ...people.user, scope: "notes:list" } });
    verifications = 0;
    decisions = 0;
  });

  async function post(body: object, headers: Readonly<Record<string, string>>): Promise<string> {
    const init = { method: "POST", headers: { ...accepts, ...headers }, body: JSON.stringify(body) };
    return await (await fetch(notes.url, init)).text();
  }

  const bearer = () => ({ authorization: `Bearer ${token}` });

  it.each([
    ["header", () => post(search({}), bearer())],
    ["field", () => post(search({ token }), {})],
    ["header and field", () => post(search({ token }), bearer())],
  ])("is verified and decided once, with its token in the %s", async (_name, call) => {
    expect(await call()).toContain("user:uma");
    expect([verifications, decisions]).toEqual([1, 1]);
  });

  it("is decided once more if its rule looks at the parsed arguments", async () => {
    expect(await post(callOf("edit", { owner: "uma" }), bearer())).toContain("user:uma");
    expect([verifications, decisions]).toEqual([1, 2]);
  });

  it("is verified anew after an earlier call with the same token", async () => {
    await post(search({}), bearer());
    issuer.ended.add("session-uma");
    expect(await post(search({}), bearer())).toContain("token_revoked");
    expect(verifications).toBe(2);
  });
});

describe.each([
  ["with a recall", true],
  ["without a recall", false],
])("a guard %s, and a session that ends between gate and tool", (_kind, withRecall) => {
  let issuer: TestIssuer;
  let token: string;
  const body = JSON.stringify(search({}));

  beforeAll(async () => {
    issuer = await TestIssuer.make();
    token = await issuer.token({ claims: people.user });
  });
  afterEach(() => issuer.ended.clear());

  /** A policy that tells when the token in the header was verified. */
  function policyOf(verified: () => void) {
    const guard = issuer.guard();
    return {
      guard: {
        verify: async (text: string | null | undefined) => {
          const principal = await guard.verify(text);
          verified();
          return principal;
        },
        ...(withRecall && { recall: (text: string) => guard.recall(text) }),
      },
      withoutBearer: "field" as const,
      tokenField: "token",
      authorizationServers: [issuer.issuer],
    };
  }

  it("a server of major 1 denies the call", async () => {
    const verified = Promise.withResolvers<void>();
    await using notes = await serveNotes(1, policyOf(verified.resolve), new Evidence());
    const answer = Promise.withResolvers<string>();
    const headers = { ...accepts, authorization: `Bearer ${token}`, "content-length": body.length };
    const sent = httpRequest(notes.url, { method: "POST", headers }, async (response) => {
      let text = "";
      for await (const chunk of response) text += String(chunk);
      answer.resolve(text);
    });
    sent.on("error", answer.reject).write(body.slice(0, 10));
    await verified.promise;
    issuer.ended.add("session-uma");
    sent.end(body.slice(10));
    expect(await answer.promise).toContain("token_revoked");
  });

  it("a server of major 2 denies the call", async () => {
    const verified = Promise.withResolvers<void>();
    const policy = { ...policyOf(verified.resolve), tools: rules, resource: "http://notes.example/mcp" };
    const handler = guardMcp(
      createMcpHandler(() => makeNotes(policy, new Evidence())),
      policy,
    );
    const slow = new TransformStream<Uint8Array, Uint8Array>();
    const writer = slow.writable.getWriter();
    const headers = { ...accepts, authorization: `Bearer ${token}` };
    const init = { method: "POST", headers, body: slow.readable, duplex: "half" } as const;
    const answer = handler.fetch(new Request(policy.resource, init));
    await verified.promise;
    issuer.ended.add("session-uma");
    await writer.write(new TextEncoder().encode(body));
    await writer.close();
    expect(await (await answer).text()).toContain("token_revoked");
  });
});

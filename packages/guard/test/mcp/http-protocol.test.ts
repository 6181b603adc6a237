import { get } from "node:http";
import { gzipSync } from "node:zlib";
import { TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { people } from "@latchkey/testkit/mcp/tokens";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGuard, TokenError } from "../../src/index.ts";
import { OwnIssuer } from "../own-issuer.ts";
import { type HttpNotes, serveNotes } from "./notes-http.ts";
import { Evidence } from "./notes-policy.ts";

const accept = "application/json, text/event-stream";
const call = (name: string, args: unknown = {}, id: number = 1) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: args },
});
const list = { jsonrpc: "2.0", id: 1, method: "tools/list" };

describe.each([1, 2] as const)("guardMcp in front of a server of major %i", (major) => {
  let issuer: TestIssuer;
  /** Every call must have a header. */
  let strict: HttpNotes;
  /** A call may have its token in a field. */
  let lenient: HttpNotes;
  let user: string;
  const evidence = new Evidence();

  beforeAll(async () => {
    issuer = await TestIssuer.make();
    const policy = {
      guard: issuer.guard(),
      authorizationServers: [issuer.issuer],
      onDecision: evidence.decided,
    };
    strict = await serveNotes(major, { ...policy, scopesSupported: ["notes:read"] }, evidence);
    lenient = await serveNotes(major, { ...policy, withoutBearer: "field", tokenField: "token" }, evidence);
    user = await issuer.token({ claims: people.user });
  });
  afterAll(async () => {
    await strict[Symbol.asyncDispose]();
    await lenient[Symbol.asyncDispose]();
  });

  function post(notes: HttpNotes, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    return fetch(notes.url, {
      method: "POST",
      headers: { accept, "content-type": "application/json", ...headers },
      body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
    });
  }
  /** Sends a path unchanged. `fetch` would normalise it. */
  function raw(origin: string, path: string): Promise<{ status: number | undefined }> {
    return new Promise((resolve, reject) => {
      const { hostname: host, port } = new URL(origin);
      get({ host, port, path }, (response) => {
        response.resume();
        resolve({ status: response.statusCode });
      }).once("error", reject);
    });
  }
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const metadata = () => `resource_metadata="${strict.origin}/.well-known/oauth-protected-resource/mcp"`;

  describe("metadata (RFC 9728)", () => {
    it.each(["", "/mcp"])("is at the well-known place with %j appended", async (path) => {
      const address = `${strict.origin}/.well-known/oauth-protected-resource${path}`;
      const response = await fetch(address);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("application/json");
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      expect(await response.json()).toEqual({
        resource: strict.url,
        authorization_servers: [issuer.issuer],
        bearer_methods_supported: ["header"],
        scopes_supported: ["notes:read"],
      });
      const head = await fetch(address, { method: "HEAD" });
      expect([head.status, await head.text()]).toEqual([200, ""]);
      expect((await fetch(address, { method: "OPTIONS" })).status).toBe(204);
      expect((await fetch(`${address}?token=x`)).status).toBe(200);
      const posted = await fetch(address, { method: "POST" });
      expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    });
  });

  it.each([["authorization_servers"], ["scopes_supported"]])(
    "leaves out an empty list of %s",
    async (member) => {
      const policy = { guard: issuer.guard(), authorizationServers: [], scopesSupported: [] };
      await using notes = await serveNotes(major, policy, evidence);
      const metadata = await fetch(`${notes.origin}/.well-known/oauth-protected-resource/mcp`);
      expect(await metadata.json()).not.toHaveProperty(member);
      expect((await post(notes, list)).headers.get("www-authenticate")).not.toContain("scope=");
    },
  );

  it("names the guard's own issuer by default", async () => {
    await using notes = await serveNotes(major, { guard: issuer.guard() }, evidence);
    const metadata = await fetch(`${notes.origin}/.well-known/oauth-protected-resource`);
    expect(await metadata.json()).toMatchObject({ authorization_servers: [issuer.issuer] });
  });

  it("names a discovered issuer only if OAuth clients can get a token there", async () => {
    await using own = await OwnIssuer.start();
    await using notes = await serveNotes(major, { guard: own.guard() }, evidence);
    const address = `${notes.origin}/.well-known/oauth-protected-resource`;
    expect(await (await fetch(address)).json()).not.toHaveProperty("authorization_servers");

    await using full = await OwnIssuer.start();
    full.discovery = { authorization_endpoint: `${full.url}/authorize`, token_endpoint: `${full.url}/token` };
    await using others = await serveNotes(major, { guard: full.guard() }, evidence);
    const metadata = await fetch(`${others.origin}/.well-known/oauth-protected-resource`);
    expect(await metadata.json()).toMatchObject({ authorization_servers: [full.url] });
  });

  it("answers 503 while the issuer's metadata cannot be read", async () => {
    const guard = createGuard({ issuer: "http://127.0.0.1:9" });
    await using notes = await serveNotes(major, { guard }, evidence);
    const metadata = await fetch(`${notes.origin}/.well-known/oauth-protected-resource`);
    expect([metadata.status, metadata.headers.get("cache-control")]).toEqual([503, "no-store"]);
    expect(metadata.headers.get("access-control-allow-origin")).toBe("*");
  });

  it.each(["//", "/%", "/\\", "//x:y@z:1"])(
    "does not mistake %s for the path of the metadata",
    async (path) => {
      const { status } = await raw(strict.origin, path);
      // One server has no other routes. In the other one, every path is behind the gate.
      expect(status).toBe(major === 1 ? 404 : 401);
    },
  );

  describe("without a good token (RFC 6750 §3)", () => {
    it.each(["POST", "GET", "DELETE", "PUT"])(
      "answers %s with 401 and the address of the metadata",
      async (method) => {
        const response = await fetch(strict.url, { method, headers: { accept } });
        expect(response.status).toBe(401);
        expect(response.headers.get("www-authenticate")).toBe(`Bearer scope="notes:read", ${metadata()}`);
        expect(response.headers.get("cache-control")).toBe("no-store");
        expect(await response.json()).toMatchObject({ code: "missing_token" });
        expect(evidence.decisions.at(-1)).toMatchObject({
          tool: "?",
          outcome: "denied",
          code: "missing_token",
        });
      },
    );

    it.each([
      "initialize",
      "server/discover",
      "ping",
      "notifications/initialized",
      "tools/list",
      "tools/call",
      "prompts/list",
    ])("answers the message %s with the challenge that makes a client sign in", async (method) => {
      const response = await post(strict, {
        jsonrpc: "2.0",
        id: 1,
        method,
        params: { arguments: { token: user } },
      });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe(`Bearer scope="notes:read", ${metadata()}`);
      expect(await response.json()).toMatchObject({ code: "missing_token" });
    });

    it("names the fault of a token, and does not repeat the token", async () => {
      const expired = await issuer.token({ claims: { exp: 0 } });
      const response = await post(strict, list, bearer(expired));
      expect(response.status).toBe(401);
      const challenge = response.headers.get("www-authenticate") ?? "";
      expect(challenge).toBe(
        `Bearer error="invalid_token", error_description="The access token has expired", scope="notes:read", ${metadata()}`,
      );
      expect(await response.json()).toMatchObject({ code: "token_expired" });
      expect(evidence.decisions.at(-1)).toEqual({
        tool: "?",
        userId: undefined,
        outcome: "denied",
        code: "token_expired",
        reason: "token_expired",
      });
    });

    it.each([
      ["another scheme", "Basic YTpi", "missing_token"],
      ["nothing after the scheme", "Bearer ", "missing_token"],
      ["two tokens in one header", "Bearer a, Bearer b", "invalid_token"],
      ["text that could break out of a header", 'Bearer "x", scope="admin', "invalid_token"],
    ])("refuses %s", async (_name, authorization, code) => {
      const response = await post(strict, list, { authorization });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).not.toContain("admin");
      expect(await response.json()).toMatchObject({ code });
    });

    it("answers 503 with Retry-After if tokens cannot be checked", async () => {
      const keys = {
        get: () => {
          throw new TokenError("keys_unavailable");
        },
      };
      const policy = { guard: issuer.guard({ keys }), authorizationServers: [issuer.issuer] };
      await using notes = await serveNotes(major, policy, evidence);
      const response = await post(notes, list, bearer(user));
      expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
      expect(response.headers.get("www-authenticate")).toBeNull();
    });
  });

  describe("if calls may carry their own token", () => {
    const open = ["tools/list", "ping", "notifications/initialized"];
    const closed = ["resources/list", "resources/read", "prompts/list", "prompts/get", "completion/complete"];
    const more = ["tasks/result", "subscriptions/listen", "logging/setLevel", "tools/call/x", "Tools/call"];

    it.each(open)("lets %s through without a header", async (method) => {
      const response = await post(lenient, {
        jsonrpc: "2.0",
        ...(!method.includes("/i") && { id: 1 }),
        method,
      });
      expect(response.status).toBeLessThan(300);
    });

    it.each([...closed, ...more])("does not let %s through without a header", async (method) => {
      const response = await post(lenient, { jsonrpc: "2.0", id: 1, method });
      expect(response.status).toBe(401);
    });

    it("opens no stream without a header: clients go on without one", async () => {
      expect((await fetch(lenient.url, { headers: { accept: "text/event-stream" } })).status).toBe(405);
    });
  });

  describe("scopes", () => {
    it("answers 403 with the scopes that the call needs, and those of the token", async () => {
      const some = await issuer.token({ claims: { ...people.user, scope: "openid notes:read" } });
      const response = await post(strict, call("export"), bearer(some));
      expect(response.status).toBe(403);
      expect(response.headers.get("www-authenticate")).toBe(
        `Bearer error="insufficient_scope", error_description="${new TokenError("insufficient_scope").message}", ` +
          `scope="notes:read notes:export openid", ${metadata()}`,
      );
      expect(await response.json()).toMatchObject({ code: "insufficient_scope" });
      expect(evidence.decisions.at(-1)).toMatchObject({
        tool: "export",
        userId: "user:uma",
        outcome: "denied",
        code: "insufficient_scope",
      });
    });

    it("lets the call through with them", async () => {
      const all = await issuer.token({ claims: { ...people.user, scope: "notes:export notes:read" } });
      expect((await post(strict, call("export"), bearer(all))).status).toBe(200);
    });

    it.each(["purge", "recommend", "no-such-tool", "constructor"])(
      "names none if a role or the tool is missing: %s",
      async (tool) => {
        const response = await post(strict, call(tool), bearer(user));
        expect(response.status).toBe(200);
        expect(response.headers.get("www-authenticate")).toBeNull();
        const text = await response.text();
        expect(text).toContain('"latchkey/code":"forbidden"');
        expect(text).not.toMatch(/scope|role/);
      },
    );
  });

  describe("batches", () => {
    const noBatch = {
      jsonrpc: "2.0",
      id: null,
      error: { code: -32600, message: "Invalid Request: send one message per request, not a batch" },
    };
    const batches: readonly (readonly [string, unknown])[] = [
      ["a hundred lists", Array.from({ length: 100 }, (_one, id) => ({ ...list, id }))],
      ["one list", [list]],
      ["no message", []],
      ["one call behind blanks", ` \r\n\t${JSON.stringify([call("search", { text: "a" })])}`],
      ["one that breaks off", "[{"],
    ];

    it.each(batches)("refuses %s before any work, with and without a token", async (_name, body) => {
      const seen = evidence.text().length;
      for (const [notes, headers] of [
        [lenient, {}],
        [lenient, bearer(user)],
        [strict, bearer(user)],
      ] as const) {
        const response = await post(notes, body, { "mcp-protocol-version": "2025-03-26", ...headers });
        expect([response.status, await response.json()]).toEqual([400, noBatch]);
      }
      // No server was made, and no decision.
      expect(evidence.text().length).toBe(seen);
    });

    it("asks for a token first, if every request needs one", async () => {
      expect((await post(strict, [list])).status).toBe(401);
    });
  });

  describe("bodies", () => {
    const big = JSON.stringify(call("search", { text: "x".repeat(1024 * 1024) }));
    it.each([
      ["one over a mebibyte", big, {}, 413],
      ["a compressed one", gzipSync(JSON.stringify(list)), { "content-encoding": "gzip" }, 415],
      ["one in an unknown encoding", "{}", { "content-encoding": "x" }, 415],
      ["one that is not JSON", '{"token":"a-canary', {}, 400],
      ["one that is nested too deeply", "[".repeat(500_000) + "]".repeat(500_000), {}, 400],
      ["one that is not a message", '"a-canary"', {}, 400],
      ["one with a method that is not text", '{"jsonrpc":"2.0","id":1,"method":{"toString":1}}', {}, 400],
      ["one of another type", "a=b", { "content-type": "application/x-www-form-urlencoded" }, 400],
    ])("refuses %s", async (_name, body, headers, status) => {
      const response = await post(strict, body, { ...bearer(user), ...headers });
      expect(response.status).toBe(status);
      expect(await response.text()).not.toContain("a-canary");
    });

    it.each([
      ["a mebibyte", 1024 * 1024, 400],
      ["one byte more", 1024 * 1024 + 1, 413],
    ])("in chunks without a length are read up to %s", async (_name, length, status) => {
      const chunk = new Uint8Array(length - 10).fill(0x20);
      const body = ReadableStream.from([chunk, new Uint8Array(10).fill(0x78)]);
      const headers = { accept, "content-type": "application/json", ...bearer(user) };
      const init = { method: "POST", headers, body, duplex: "half" } as const;
      expect((await fetch(strict.url, init)).status).toBe(status);
    });

    it.each([[{ toString: 1 }], [["tools/list"]], [null], [5]])(
      "does not admit the method %j without a token",
      async (method) => {
        expect((await post(lenient, { jsonrpc: "2.0", id: 1, method })).status).toBe(401);
      },
    );

    it("reads no body without a token", async () => {
      expect((await post(strict, big)).status).toBe(401);
    });
  });

  describe("web pages", () => {
    const preflight = {
      "access-control-request-method": "POST",
      "access-control-request-headers": "mcp-param-region",
    };

    it("refuses a page of a foreign origin, whatever its token", async () => {
      for (const origin of ["https://evil.example", "null", "http://127.0.0.1.evil.example"]) {
        expect((await post(strict, list, { ...bearer(user), origin })).status).toBe(403);
        const asked = await fetch(strict.url, { method: "OPTIONS", headers: { origin, ...preflight } });
        expect([asked.status, asked.headers.get("access-control-allow-origin")]).toEqual([403, null]);
      }
    });

    it.each(["http://localhost:5173", "http://[::1]:1", "http://127.0.0.1:9"])(
      "lets a page of this machine read the challenge and the session: %s",
      async (origin) => {
        const asked = await fetch(strict.url, { method: "OPTIONS", headers: { origin, ...preflight } });
        expect(asked.status).toBe(204);
        expect(asked.headers.get("access-control-allow-origin")).toBe(origin);
        expect(asked.headers.get("access-control-allow-headers")).toMatch(/authorization.*mcp-param-region/);
        expect(asked.headers.get("access-control-allow-methods")).toContain("POST");
        const answers = [
          await post(strict, list, { origin }),
          await post(strict, list, { ...bearer(user), origin }),
        ];
        expect(answers.map(({ status }) => status)).toEqual([401, 200]);
        for (const { headers } of answers) {
          expect(headers.get("access-control-allow-origin")).toBe(origin);
          expect(headers.get("access-control-expose-headers")).toMatch(/www-authenticate.*mcp-session-id/);
          expect(headers.get("vary")).toContain("Origin");
        }
      },
    );

    it("lets in the pages of `origins`", async () => {
      const policy = {
        guard: issuer.guard(),
        authorizationServers: [issuer.issuer],
        origins: ["https://app.example"],
      };
      await using notes = await serveNotes(major, policy, evidence);
      const statusOf = async (origin: string) =>
        (await post(notes, list, { ...bearer(user), origin })).status;
      expect(await statusOf("https://app.example")).toBe(200);
      expect(await statusOf("http://localhost:5173")).toBe(403);
      expect(await statusOf(notes.origin)).toBe(200);
    });
  });
});

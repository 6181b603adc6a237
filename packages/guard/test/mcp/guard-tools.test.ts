import { TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { isIn, people } from "@latchkey/testkit/mcp/tokens";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { allow, TokenError } from "../../src/index.ts";
import type { ToolDecision } from "../../src/mcp/index.ts";
import { makeServer } from "./in-memory.ts";

let issuer: TestIssuer;
let user: string;
let admin: string;

beforeAll(async () => {
  issuer = await TestIssuer.make();
  user = await issuer.token({ claims: people.user });
  admin = await issuer.token({ claims: people.admin });
});

const codeOf = ({ _meta }: { readonly _meta?: Record<string, unknown> | undefined }) =>
  _meta?.["latchkey/code"];
const everyUser = allow.all();

describe.each([1, 2] as const)("guardTools with a server of major %i", (major) => {
  const policy = (tools: Readonly<Record<string, ReturnType<typeof allow.roles>>>) => ({
    guard: issuer.guard(),
    tokenField: "token",
    tools,
  });

  describe("compares the policy with the tools when the server connects", () => {
    it.each([
      [["a", "b"], ["a"], "guardTools: registered without a rule: b"],
      [["a"], ["a", "b", "c"], "guardTools: a rule without a tool: b, c"],
      [["a", "x"], ["a", "b"], "guardTools: registered without a rule: x; a rule without a tool: b"],
    ])("tools %j, rules %j", async (tools, rules, message) => {
      const server = makeServer(major);
      server.guard(policy(Object.fromEntries(rules.map((name) => [name, everyUser]))));
      for (const tool of tools) server.tool(tool);
      await expect(server.connect()).rejects.toThrow(new Error(message));
    });

    it("after tools were renamed and removed", async () => {
      const server = makeServer(major);
      server.guard(policy({ b: everyUser }));
      server.tool("a").rename("b");
      server.tool("c").remove();
      expect((await (await server.connect()).list()).map(({ name }) => name)).toEqual(["b"]);
    });
  });

  it.each([
    ["once if it is frozen", Object.freeze, 1],
    ["for each server if it can change", <T>(policy: T) => policy, 2],
  ])("reads a policy %s", async (_name, made, expected) => {
    const seen = new Set<unknown>();
    let tools = Object.freeze({ a: everyUser });
    const changing = made({
      guard: issuer.guard(),
      tokenField: "token",
      get tools() {
        seen.add(tools);
        return tools;
      },
    });
    for (let servers = 0; servers < 2; servers++) {
      const server = makeServer(major);
      server.guard(changing);
      server.tool("a");
      expect((await (await server.connect()).call("a", { token: user })).isError).not.toBe(true);
      tools = Object.freeze({ a: everyUser });
    }
    expect(seen.size).toBe(expected);
  });

  describe("lists to a caller without a token", () => {
    const tools = {
      open: everyUser,
      scoped: allow.scopes("notes:read"),
      own: allow.when(() => {
        throw new Error("no condition is asked for a list");
      }),
      user: allow.roles("user"),
      either: allow.any(allow.roles("admin"), allow.all(allow.roles("user"), allow.scopes("notes:read"))),
      admin: allow.all(allow.roles("admin"), everyUser),
      none: allow.any(),
    };

    it.each([
      ["no rolesBeforeToken", {}, ["open", "scoped", "own"]],
      ["the role user", { rolesBeforeToken: ["user"] }, ["open", "scoped", "own", "user", "either"]],
      ["a role that no rule has", { rolesBeforeToken: ["x"] }, ["open", "scoped", "own"]],
    ])("with %s, the tools that these roles could call", async (_name, more, expected) => {
      const server = makeServer(major);
      server.guard({ ...policy({}), tools, ...more });
      for (const name of Object.keys(tools)) server.tool(name);
      const client = await server.connect();
      expect((await client.list()).map(({ name }) => name)).toEqual(expected);
      // A shown tool still needs a token to be called.
      for (const name of Object.keys(tools)) expect(codeOf(await client.call(name))).toBe("missing_token");
    });

    it("no tool that was renamed to a name for administrators", async () => {
      const server = makeServer(major);
      server.guard(policy({ shown: everyUser, hidden: allow.roles("admin") }));
      const [first, second] = [server.tool("first"), server.tool("second")];
      first.rename("shown");
      second.rename("hidden");
      const client = await server.connect();
      expect((await client.list()).map(({ name }) => name)).toEqual(["shown"]);
    });
  });

  describe("refuses with the cause", () => {
    it("rolesBeforeToken that is not a list", () => {
      const server = makeServer(major);
      const rolesBeforeToken = JSON.parse('"user"');
      expect(() => server.guard({ ...policy({}), rolesBeforeToken })).toThrow("rolesBeforeToken");
    });

    it("a server that has tools already", () => {
      const server = makeServer(major);
      server.tool("a");
      expect(() => server.guard(policy({ a: everyUser }))).toThrow("before the first tool is registered");
    });

    it("a server that has tool handlers already", () => {
      expect(() => makeServer(major, { tools: {} }).guard(policy({}))).toThrow(
        "leave capabilities.tools out",
      );
    });

    it.each(["tools/call", "tools/list"] as const)("another handler for %s", (method) => {
      const server = makeServer(major);
      server.guard(policy({ a: everyUser }));
      expect(() => server.handle(method)).toThrow(`${method} is guarded`);
      server.tool("a");
      expect(() => server.handle(method)).toThrow(`${method} is guarded`);
    });

    it.each(["", "a b", "__proto__", "constructor", "1", "x".repeat(80), 'a"b'])(
      "a token field named %j",
      (tokenField) => {
        const server = makeServer(major);
        expect(() => server.guard({ ...policy({}), tokenField })).toThrow("tokenField");
      },
    );

    it("a second policy", () => {
      const server = makeServer(major);
      server.guard(policy({ a: everyUser }));
      expect(() => server.guard(policy({ a: everyUser }))).toThrow("has a policy already");
    });

    it("a malformed rule", () => {
      const tools = JSON.parse('{"a":{"kind":"roles","anyOf":[]}}');
      expect(() => makeServer(major).guard(policy(tools))).toThrow("allow.roles");
    });

    it.each([
      ["a field", z.object({ token: z.number() })],
      ["a field of a part", z.intersection(z.object({ a: z.string() }), z.object({ token: z.string() }))],
    ])("a tool whose own schema has the token's name: %s", (_name, schema) => {
      const server = makeServer(major);
      server.guard(policy({ a: everyUser }));
      expect(() => server.tool("a", undefined, schema)).toThrow(
        'guardTools: tool "a": its input schema already has a field "token"',
      );
    });

    it("a tool that gets such a schema later", () => {
      const server = makeServer(major);
      server.guard(policy({ a: everyUser }));
      const tool = server.tool("a");
      expect(() => tool.replaceSchema({ token: z.string() })).toThrow('already has a field "token"');
    });
  });

  describe("guards later changes", () => {
    it("a tool registered after the start, without a rule: denied and not listed", async () => {
      const server = makeServer(major);
      server.guard(policy({ a: everyUser }));
      server.tool("a");
      const client = await server.connect();
      server.tool("later");
      expect(codeOf(await client.call("later", { token: admin }))).toBe("forbidden");
      expect((await client.list()).map(({ name }) => name)).toEqual(["a"]);
    });

    it("a tool under a new name: that name's rule holds", async () => {
      const server = makeServer(major);
      server.guard(policy({ free: everyUser, closed: allow.roles("admin") }));
      const tool = server.tool("free");
      server.tool("closed").remove();
      tool.rename("closed");
      server.tool("free");
      const client = await server.connect();
      expect(codeOf(await client.call("closed", { token: user }))).toBe("forbidden");
      tool.rename("unlisted");
      expect(codeOf(await client.call("unlisted", { token: admin }))).toBe("forbidden");
    });

    it("a new handler: the same rule decides, and it gets no token", async () => {
      const server = makeServer(major);
      const mine = allow.when((principal, { owner }: { owner?: unknown }) => owner === principal.username);
      server.guard({ ...policy({}), tools: { a: mine } });
      server.tool("a").replaceHandler((args) => JSON.stringify(args));
      const client = await server.connect();
      expect(codeOf(await client.call("a", { token: user, owner: "alice" }))).toBe("forbidden");
      const { content } = await client.call("a", { token: user, owner: "uma" });
      expect(content[0]?.text).toBe('{"owner":"uma"}');
    });

    it("a handler assigned to the tool: decided and recorded once", async () => {
      const server = makeServer(major);
      const mine = allow.when((principal, { owner }: { owner?: unknown }) => owner === principal.username);
      const decisions: unknown[] = [];
      const onDecision = ({ outcome }: { outcome: string }) => decisions.push(outcome);
      server.guard({ ...policy({}), tools: { a: mine }, onDecision });
      const tool = server.tool("a");
      tool.writeHandler(() => "written");
      const client = await server.connect();
      expect(codeOf(await client.call("a", { token: user, owner: "alice" }))).toBe("forbidden");
      tool.replaceHandler(() => "replaced");
      expect((await client.call("a", { token: user, owner: "uma" })).content[0]?.text).toBe("replaced");
      expect(decisions).toEqual(["denied", "allowed"]);
    });
  });

  describe("denies", () => {
    it("a call of a handler past the server", async () => {
      const server = makeServer(major);
      server.guard(policy({ a: everyUser }));
      expect(await server.tool("a").callDirectly()).toMatchObject({ isError: true });
    });

    it("a call that cannot be audited", async () => {
      const server = makeServer(major);
      const onDecision = () => {
        throw new Error("the audit is full");
      };
      server.guard({ ...policy({ a: everyUser }), onDecision });
      server.tool("a");
      const { content, _meta } = await (await server.connect()).call("a", { token: user });
      expect([codeOf({ _meta }), content[0]?.text]).toEqual([
        "forbidden",
        new TokenError("forbidden").message,
      ]);
    });

    it("a token that the guard fails to check, without the cause", async () => {
      const server = makeServer(major);
      const guard = {
        verify: async (token?: string) => {
          throw new Error(`could not check ${token}`);
        },
      };
      server.guard({ ...policy({ a: everyUser }), guard });
      server.tool("a");
      const result = await (await server.connect()).call("a", { token: user });
      expect(codeOf(result)).toBe("keys_unavailable");
      expect(isIn(JSON.stringify(result), user)).toBe(false);
    });

    it("a call if the environment's token cannot be read", async () => {
      const server = makeServer(major);
      const token = () => Promise.reject(new Error("no such file"));
      server.guard({ ...policy({ a: everyUser }), token });
      server.tool("a");
      expect(codeOf(await (await server.connect("stdio")).call("a"))).toBe("missing_token");
    });
  });

  it("leaves an argument named token to the tool without a tokenField", async () => {
    const server = makeServer(major);
    server.guard({ guard: issuer.guard(), tools: { a: everyUser }, token: user });
    server.tool("a", (args) => JSON.stringify(args), z.object({ token: z.string() }));
    const client = await server.connect("stdio");
    expect((await client.call("a", { token: "mine" })).content[0]?.text).toBe('{"token":"mine"}');
  });

  it("refuses a list without a token if calls cannot carry one", async () => {
    const server = makeServer(major);
    server.guard({ guard: issuer.guard(), tools: { a: everyUser } });
    server.tool("a");
    await expect((await server.connect()).list()).rejects.toThrow(new TokenError("missing_token").message);
  });

  it("records each call once: user, tool, outcome and reason", async () => {
    const decisions: ToolDecision[] = [];
    const server = makeServer(major);
    server.guard({
      ...policy({ a: everyUser, b: allow.roles("admin"), c: allow.scopes("x") }),
      onDecision: (decision) => decisions.push(decision),
    });
    for (const tool of ["a", "b", "c"]) server.tool(tool);
    const client = await server.connect();
    await client.list();
    for (const tool of ["a", "b", "c", "unknown", `${user}\n`]) await client.call(tool, { token: user });
    await client.call("a");
    const who = { userId: "user:uma" };
    expect(decisions).toEqual([
      { tool: "a", ...who, outcome: "allowed" },
      { tool: "b", ...who, outcome: "denied", code: "forbidden", reason: "needs role admin" },
      { tool: "c", ...who, outcome: "denied", code: "insufficient_scope", reason: "needs scope x" },
      { tool: "unknown", ...who, outcome: "denied", code: "forbidden", reason: "no such tool in the policy" },
      { tool: "?", ...who, outcome: "denied", code: "forbidden", reason: "no such tool in the policy" },
      { tool: "a", userId: undefined, outcome: "denied", code: "missing_token", reason: "missing_token" },
    ]);
  });

  it("keeps the token out of errors about malformed messages", async () => {
    const errors: unknown[] = [];
    const server = makeServer(major);
    server.guard(policy({ a: everyUser }));
    server.tool("a");
    server.onerror((error) => errors.push(error));
    const client = await server.connect();
    const params = { name: "a", arguments: { token: user } };
    for (const id of [null, 1.5, {}, ["a"]])
      client.send({ jsonrpc: "2.0", id, method: "tools/call", params });
    for (const jsonrpc of ["1.0", 2, undefined])
      client.send({ jsonrpc, id: 1, method: "tools/call", params });
    client.send({ jsonrpc: "2.0", id: 9, method: "tools/call", params, result: {}, error: params });
    expect(errors.length).toBeGreaterThan(0);
    expect(isIn(String(errors), user)).toBe(false);
  });
});

import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, send, signIn } from "./api-case.ts";
import { connectMcp, type McpClient } from "./mcp-client.ts";

const password = "a passphrase of some length";
const roles = ["user", "support", "auditor", "admin"] as const;
type Role = (typeof roles)[number];

/** The tools about other users and the trail, and the roles that may call each. */
const tools = {
  find_user: ["support", "auditor", "admin"],
  disable_user: ["support", "admin"],
  enable_user: ["support", "admin"],
  unlock_user: ["support", "admin"],
  send_password_reset: ["support", "admin"],
  end_user_sessions: ["support", "admin"],
  recent_audit_events: ["auditor", "admin"],
} as const satisfies Record<string, readonly Role[]>;
type Tool = keyof typeof tools;

const allTools = Object.keys(tools).filter((name): name is Tool => name in tools);
const forEverybody = ["who_am_i", "list_my_sessions", "end_my_session", "end_all_my_sessions"];
const mayCall = (role: Role, tool: Tool) => tools[tool].some((allowed) => allowed === role);

let server: TestServer;
const clients = new Map<Role, McpClient>();

beforeAll(async () => {
  server = await testServer({ MAILBOX: "on", ALLOW_INSECURE: "hash" });
  for (const name of [...roles, "other-support", "other-auditor"]) {
    const role = name.replace("other-", "");
    const person = { username: name, email: `${name}@example.com`, displayName: null, roles: [role] };
    await server.server.people.add(person, password);
  }
  for (const role of roles)
    clients.set(role, await connectMcp(2, server.url, (await signIn(server, role, password)).access));
  server.newEvents();
});

afterAll(async () => {
  for (const client of clients.values()) await client[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

function clientOf(role: Role): McpClient {
  const client = clients.get(role);
  if (client === undefined) throw new Error(`${role} is not signed in`);
  return client;
}

describe.each(roles)("a caller with the role %s", (role) => {
  const mine = allTools.filter((tool) => mayCall(role, tool));

  test("sees the tools that they could call", async () => {
    const listed = await clientOf(role).list();
    expect(listed.map(({ name }) => name).toSorted()).toEqual([...forEverybody, ...mine].toSorted());
  });

  test.each(allTools.map((tool) => [tool, mayCall(role, tool) ? "may" : "may not"] as const))(
    "%s: %s call it",
    async (tool, may) => {
      const args = tool === "recent_audit_events" ? {} : { user: "bob" };
      const { value, code } = await clientOf(role).call(tool, args);
      const events = server.newEvents();
      if (may === "may not") {
        expect([value, code, events]).toEqual([undefined, "forbidden", []]);
        return;
      }
      expect([typeof value, code]).toEqual(["object", undefined]);
      for (const event of events) expect(event).toMatchObject({ actor: `user:${role}`, subject: "user:bob" });
    },
  );
});

describe.each(["admin", "other-support", "other-auditor"])(
  "support may not change the account of %s:",
  (user) => {
    test.each([
      "disable_user",
      "enable_user",
      "unlock_user",
      "send_password_reset",
      "end_user_sessions",
    ] as const)("%s", async (tool) => {
      const { value, code } = await clientOf("support").call(tool, { user });
      expect([value, code, server.newEvents()]).toEqual([undefined, "protected_account", []]);
    });
  },
);

test("send_password_reset sends five mails an hour to one account", async () => {
  const username = "forgetful";
  const person = { username, email: "forgetful@example.com", displayName: null, roles: ["user"] };
  await server.server.people.add(person, password);
  for (let time = 0; time < 5; time++)
    expect(await clientOf("support").call("send_password_reset", { user: username })).toMatchObject({
      value: { sent_to: "forgetful@example.com" },
    });
  server.newEvents();
  const { value, code } = await clientOf("admin").call("send_password_reset", { user: username });
  expect([value, code, server.newEvents()]).toEqual([undefined, "rate_limited", []]);
});

test("every tool but send_password_reset is there without mail", async () => {
  await using other = await testServer();
  await other.server.people.add(
    { username: "root", email: "root@example.com", displayName: null, roles: ["admin"] },
    password,
  );
  await using client = await connectMcp(2, other.url, (await signIn(other, "root", password)).access);
  const names = (await client.list()).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(allTools.filter((tool) => tool !== "send_password_reset")));
  expect(names).not.toContain("send_password_reset");
  expect((await client.call("send_password_reset", { user: "root" })).code).toBe("forbidden");
});

test("a role that was taken away opens no tool, also with a token from before", async () => {
  const username = "demoted";
  const person = { username, email: "demoted@example.com", displayName: null, roles: ["admin"] };
  const { id } = await server.server.people.add(person, password);
  await using client = await connectMcp(2, server.url, (await signIn(server, username, password)).access);
  const root = (await signIn(server, "admin", password)).access;
  const changed = await send(server, "/admin/v1", {
    ...{ method: "PATCH", path: `/users/${encodeURIComponent(id)}`, body: { roles: ["user"] } },
    headers: bearer(root),
  });
  expect(changed.status).toBe(200);
  // A user is remembered for half a second.
  server.advance(1_000);
  server.newEvents();
  for (const tool of allTools) {
    const { value, code } = await client.call(tool, tool === "recent_audit_events" ? {} : { user: "bob" });
    expect([tool, value, code, server.newEvents()]).toEqual([tool, undefined, "forbidden", []]);
  }
});

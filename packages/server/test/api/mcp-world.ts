import { DatabaseSync } from "node:sqlite";
import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { afterAll } from "vitest";
import { claimsOf, signIn } from "./api-case.ts";
import { connectMcp, type McpClient } from "./mcp-client.ts";

/** A signed-in user with a client. */
export interface Person {
  readonly token: string;
  readonly refresh: string;
  readonly sessionId: string;
  readonly client: McpClient;
}

/** A test server with an administrator and users that call its tools. */
export interface McpWorld extends AsyncDisposable {
  readonly server: TestServer;
  /** Signs a user in, in a new session. */
  as(username: "alice" | "bob" | "root"): Promise<Person>;
}

const passwordOfRoot = "the root of all evil";

/** A world with a server of its own, for tests of settings, of the clock and of the whole audit trail. */
export async function mcpWorld(
  major: 1 | 2,
  settings: Readonly<Record<string, string>> = {},
): Promise<McpWorld> {
  const server = await serverWithRoot(settings);
  const world = worldOn(server, major);
  return {
    ...world,
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/**
 * Worlds on one server, which is started for the first test and closed after the last of the file.
 *
 * @returns opens the world of one test: all users active, no session, log and trail empty
 */
export function sharedMcpWorlds(): (major: 1 | 2) => Promise<McpWorld> {
  let shared: Promise<TestServer> | undefined;
  afterAll(async () => (await shared)?.[Symbol.asyncDispose]());
  return async (major) => {
    shared ??= serverWithRoot({});
    const server = await shared;
    await reset(server);
    server.newEvents();
    const before = server.logged().length;
    return worldOn({ ...server, logged: () => server.logged().slice(before) }, major);
  };
}

async function reset(server: TestServer): Promise<void> {
  for (const name of ["alice", "bob", "root"]) await server.server.people.setActive(name, true);
  const connection = new DatabaseSync(server.database, { timeout: 5_000 });
  connection.exec("delete from sessions");
  connection.close();
  // The server's cached reads of the last test expire.
  server.advance(5_000);
}

async function serverWithRoot(settings: Readonly<Record<string, string>>): Promise<TestServer> {
  const server = await testServer(settings);
  const root = { username: "root", email: "root@example.com", displayName: "Root", roles: ["admin"] };
  await server.server.people.add(root, passwordOfRoot);
  return server;
}

function worldOn(server: TestServer, major: 1 | 2): McpWorld {
  const clients: McpClient[] = [];
  return {
    server,
    async as(username) {
      const password = username === "root" ? passwordOfRoot : undefined;
      const { access, refresh } = await signIn(server, username, password);
      const client = await connectMcp(major, server.url, access);
      clients.push(client);
      server.newEvents();
      return { token: access, refresh, sessionId: String(claimsOf(access)["sid"]), client };
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client[Symbol.asyncDispose]();
    },
  };
}

import { claimsOf, signIn } from "./api-case.ts";
import { connectMcp, type McpClient } from "./mcp-client.ts";
import { type TestServer, testServer } from "./test-server.ts";

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

export async function mcpWorld(
  major: 1 | 2,
  settings: Readonly<Record<string, string>> = {},
): Promise<McpWorld> {
  const server = await testServer(settings);
  const root = { username: "root", email: "root@example.com", displayName: "Root", roles: ["admin"] };
  await server.server.people.add(root, passwordOfRoot);
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
      await server[Symbol.asyncDispose]();
    },
  };
}

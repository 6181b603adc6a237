import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import type { Power } from "../../src/core/people/powers.ts";
import {
  type ApiAnswer,
  type ApiRequest,
  bearer,
  check,
  type Expected,
  send,
  signIn,
} from "../api/api-case.ts";
import { addClient, allow, form, redemption } from "../api/oauth-world.ts";

/** The passwords of the administrators of a test server. */
export const staff = {
  root: "orange tractor sings",
  helen: "green ladder whispers",
  argus: "purple anchor listens",
} as const;

const roles = { root: "admin", helen: "support", argus: "auditor" } as const;

/** A server with an administrator (`root`), support (`helen`) and an auditor (`argus`). */
export interface AdminWorld extends AsyncDisposable {
  readonly server: TestServer;
  /** The access token of a user's own login. */
  readonly tokenOf: (username: keyof typeof staff | keyof typeof passwords) => Promise<string>;
  /** The access token of a machine with these scopes for the administration. */
  readonly machine: (...scopes: readonly Power[]) => Promise<string>;
  /** The access token of an OAuth client that root allowed these scopes. */
  readonly clientOf: (username: keyof typeof staff, scope: string) => Promise<string>;
  /** Sends a request to the administration. */
  readonly ask: (token: string | undefined, request: ApiRequest) => Promise<ApiAnswer>;
  /** Sends it, and compares the answer and the audit events. */
  readonly expectAnswer: (
    token: string | undefined,
    request: ApiRequest,
    expected: Expected,
  ) => Promise<ApiAnswer>;
}

/** Starts such a server. */
export async function adminWorld(settings: Readonly<Record<string, string>> = {}): Promise<AdminWorld> {
  const server = await testServer(settings);
  const { people } = server.server;
  for (const [username, password] of Object.entries(staff))
    await people.addForDemo(
      {
        username,
        email: `${username}@example.com`,
        displayName: null,
        roles: [roles[username === "root" || username === "helen" ? username : "argus"]],
      },
      password,
    );
  const resource = `${server.url}/admin/v1`;
  const withToken = (token: string | undefined, { headers = {}, ...request }: ApiRequest): ApiRequest => ({
    ...request,
    headers: { ...headers, ...(token !== undefined && bearer(token)) },
  });
  const all: Readonly<Record<string, string>> = { ...passwords, ...staff };

  async function machine(...scopes: readonly Power[]): Promise<string> {
    const { id, secret } = await addClient(server, { roles: [], scope: scopes.join(" ") });
    const asked = { grant_type: "client_credentials", client_id: id, client_secret: secret, resource };
    const { body } = await send(server, "", form("/oauth/token", asked));
    return String(body["access_token"]);
  }

  return {
    server,
    machine,
    tokenOf: async (username) => (await signIn(server, username, all[username])).access,
    async clientOf(username, scope) {
      const { id, secret } = await addClient(server);
      const person = { username, password: all[username] ?? "" };
      const allowed = await allow(server, id, { scope, resource }, undefined, person);
      const asked = redemption(allowed, id, { client_secret: secret });
      const { body } = await send(server, "", form("/oauth/token", asked));
      return String(body["access_token"]);
    },
    ask: (token, request) => send(server, "/admin/v1", withToken(token, request)),
    expectAnswer: (token, request, expected) =>
      check(server, "/admin/v1", withToken(token, request), expected),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { vi } from "vitest";
import { AuthClient, type ClientOptions, memoryStore, type TokenStore } from "../src/index.ts";
import { WireTap } from "./wire-tap.ts";

export const alice = { username: "alice", password: passwords.alice };
export const bob = { username: "bob", password: passwords.bob };

/** The lifetime of the server's access tokens, in milliseconds. */
export const lifetime = 3_600_000;

/** A client, its store and its requests. */
export interface Seen {
  readonly auth: AuthClient;
  readonly store: TokenStore;
  readonly tap: WireTap;
}

/** A real server, and clients on the same clock. */
export interface World extends AsyncDisposable {
  readonly server: TestServer;
  client(options?: ClientOptions): Seen;
  /** A client with alice signed in. */
  signedIn(options?: ClientOptions): Promise<Seen>;
  /** Advances the clocks of server and clients. Dates must be fake. */
  pass(ms: number): void;
  /** The status of `me` with an access token. */
  statusOf(accessToken: string): Promise<number>;
  /** The status of a refresh. */
  refreshStatusOf(refreshToken: string | undefined): Promise<number>;
}

export async function world(settings: Readonly<Record<string, string>> = {}): Promise<World> {
  const server = await testServer(settings);
  const client = (options: ClientOptions = {}): Seen => {
    const tap = new WireTap();
    const { store = memoryStore() } = options;
    const own = { baseURL: server.url, retry: false, middleware: [tap.middleware] } as const;
    return { auth: new AuthClient({ ...own, ...options, store }), store, tap };
  };
  return {
    server,
    client,
    async signedIn(options) {
      const seen = client(options);
      await seen.auth.login(alice);
      return seen;
    },
    pass(ms) {
      server.advance(ms);
      vi.setSystemTime(Date.now() + ms);
    },
    async statusOf(token) {
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`${server.url}/auth/me`, { headers })).status;
    },
    async refreshStatusOf(refreshToken) {
      const body = JSON.stringify({ refresh_token: refreshToken });
      const headers = { "content-type": "application/json" };
      return (await fetch(`${server.url}/auth/refresh`, { method: "POST", headers, body })).status;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

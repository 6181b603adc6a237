import { createHash, randomBytes } from "node:crypto";
import { authorizationQuery, redirectUri } from "@latchkey/testkit/oauth/client-calls";
import { passwords, type TestServer } from "@latchkey/testkit/server/test-server";
import { expect } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import type { RegisteredClient } from "../../src/core/oauth/registered-clients.ts";
import { openStore } from "../../src/store/store.ts";
import { type ApiAnswer, type ApiRequest, send, type Tokens } from "./api-case.ts";

type Parameters = Readonly<Record<string, string | undefined>>;

/** A request with a form. A parameter of undefined is left out. */
export function form(
  path: `/oauth/${string}`,
  parameters: Parameters,
  headers: Readonly<Record<string, string>> = {},
): ApiRequest {
  const sent = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) sent.set(name, value);
  return {
    method: "POST",
    path,
    body: String(sent),
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
  };
}

/** The header of Basic, with both parts as they are. */
export const basic = (name: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`,
});

/** A registered client. */
export interface RegisteredHere {
  readonly id: string;
  readonly secret: string | undefined;
}

/** Registers a client, as a program does it. */
export async function register(
  server: TestServer,
  metadata: Readonly<Record<string, unknown>> = { token_endpoint_auth_method: "none" },
): Promise<RegisteredHere> {
  const body = { redirect_uris: [redirectUri], client_name: "Notes", ...metadata };
  const answer = await send(server, "", { method: "POST", path: "/oauth/register", body });
  expect(answer.status).toBe(201);
  const secret = answer.body["client_secret"];
  return { id: String(answer.body["client_id"]), secret: secret === undefined ? undefined : String(secret) };
}

/** Adds a client as the operator does it, with a secret. */
export async function addClient(server: TestServer, change: Partial<RegisteredClient> = {}) {
  const secret = `lks_${randomBytes(32).toString("base64url")}`;
  const id = `client-${randomBytes(6).toString("hex")}`;
  const client: RegisteredClient = {
    id,
    name: "Intranet",
    redirectUris: [redirectUri],
    credentials: [{ kind: "secret", hash: createHash("sha256").update(secret).digest("base64url") }],
    grantTypes: ["authorization_code", "refresh_token", "client_credentials"],
    voucher: { by: "operator" },
    roles: ["reader"],
    scope: "notes:read",
    sessionId: randomBytes(16).toString("base64url"),
    createdAt: server.now(),
    blockedAt: null,
    ...change,
  };
  await using store = await storeBeside(server);
  await store.clients.add(client, { name: "client.added", at: server.now(), address: "cli", client: id });
  // The server records the events of other processes when it reads their changes.
  await server.server.backgroundJobs.poll();
  return { id, secret };
}

/** Blocks a client, as the operator does it. */
export async function blockClient(server: TestServer, id: string): Promise<void> {
  await using store = await storeBeside(server);
  await blockClientIn(store, server, id);
}

/** Blocks a client in an open store. To open one takes as long as a short timeout of a test. */
export async function blockClientIn(
  store: Awaited<ReturnType<typeof storeBeside>>,
  server: TestServer,
  id: string,
): Promise<void> {
  const event = { name: "client.blocked", at: server.now(), address: "cli", client: id } as const;
  await store.clients.block(id, "Notes", event, randomBytes(16).toString("base64url"));
  await server.server.backgroundJobs.poll();
}

/** Unblocks a client, as the operator does it. */
export async function unblockClient(server: TestServer, id: string): Promise<void> {
  await using store = await storeBeside(server);
  await store.clients.unblock(id, { name: "client.unblocked", at: server.now(), address: "cli", client: id });
}

/** The store of a second process on the same database. */
export async function storeBeside(server: TestServer) {
  const config = readConfig({
    LATCHKEY_DATABASE: server.database,
    LATCHKEY_SECRET: "a secret that no key of this store is sealed with",
  });
  const store = await openStore({
    place: config.database,
    connections: 2,
    timeout: 5_000,
    sessionLife: { idle: config.sessionIdle, max: config.sessionMax },
    replica: "beside",
    onAudit: () => {},
    onWarning: () => {},
  });
  return { ...store, [Symbol.asyncDispose]: () => store.close() };
}

/** A code with all that its client needs to redeem it. */
export interface Allowed {
  readonly code: string;
  readonly verifier: string;
  /** The authorization response. */
  readonly response: URLSearchParams;
}

/**
 * A person signs in on the page and allows a client.
 *
 * @param origin of the page. Default: the address of the server
 * @param person Default: alice
 */
export async function allow(
  server: TestServer,
  clientId: string,
  more: Parameters = {},
  origin = new URL(server.url).origin,
  person = { username: "alice", password: passwords.alice as string },
): Promise<Allowed> {
  const verifier = randomBytes(32).toString("base64url");
  const query = authorizationQuery(clientId, verifier);
  for (const [name, value] of Object.entries(more)) if (value !== undefined) query.set(name, value);
  const page = await fetch(`${server.url}/oauth/authorize?${query}`, {
    method: "POST",
    headers: { origin },
    body: new URLSearchParams({ ...person, decision: "allow" }),
  });
  const [, address = ""] = /url=([^"]+)"/.exec(await page.text()) ?? [];
  const response = new URL(address.replaceAll("&amp;", "&")).searchParams;
  const code = response.get("code");
  if (code === null) throw new Error(`not allowed: ${page.status} ${address}`);
  return { code, verifier, response };
}

/** The parameters that redeem a code. */
export const redemption = ({ code, verifier }: Allowed, clientId: string, more: Parameters = {}) => ({
  grant_type: "authorization_code",
  client_id: clientId,
  code,
  code_verifier: verifier,
  redirect_uri: redirectUri,
  ...more,
});

/** The tokens of a client that alice allowed. */
export async function clientTokens(
  server: TestServer,
  clientId: string,
  more: Parameters = {},
): Promise<Tokens> {
  const allowed = await allow(server, clientId, more);
  return tokensIn(await send(server, "", form("/oauth/token", redemption(allowed, clientId))));
}

/** The tokens of an answer. */
export function tokensIn({ status, body }: ApiAnswer): Tokens {
  expect(status).toBe(200);
  return { access: String(body["access_token"]), refresh: String(body["refresh_token"]) };
}

import { DocumentHost } from "@latchkey/testkit/oauth/document-host";
import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { send } from "./api-case.ts";
import { allow, blockClient, clientTokens, form, redemption } from "./oauth-world.ts";

const id = "https://app.example/oauth/client.json";
const path = new URL(id).pathname;
const day = 86_400_000;

const document = (change: Readonly<Record<string, unknown>> = {}) => ({
  client_id: id,
  client_name: "Notes for everyone",
  redirect_uris: ["http://127.0.0.1/callback"],
  token_endpoint_auth_method: "none",
  ...change,
});

let host: DocumentHost;
let server: TestServer;
const open = (settings = {}) => testServer(settings, undefined, undefined, host.network);
beforeEach(async () => {
  host = await DocumentHost.start();
  host.publish(path, document());
  server = await open();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

const refreshed = (refresh_token: string) =>
  send(server, "", form("/oauth/token", { grant_type: "refresh_token", client_id: id, refresh_token }));

/** The page of a request that lacks all but a client and its redirect URI. */
async function page(clientId = id, at = server) {
  const query = new URLSearchParams({ client_id: clientId, redirect_uri: "http://127.0.0.1:4321/callback" });
  const answer = await fetch(`${at.url}/oauth/authorize?${query}`, { redirect: "manual" });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

function withoutRequestId({ text, headers }: Awaited<ReturnType<typeof page>>): string {
  return text.replaceAll(headers.get("x-request-id") ?? "", "");
}

function fail(status: number): void {
  host.answers.set(path, (_request, response) => response.writeHead(status).end());
}

test("a client with a document signs a person in, on any port, and is read once", async () => {
  const { access, refresh } = await clientTokens(server, id);
  expect(decodeJwt(access)).toMatchObject({ client_id: id });
  expect((await refreshed(refresh)).status).toBe(200);
  expect(host.asked).toEqual([id]);
});

test("a client proves itself with a key of the address that its document names", async () => {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const jwks_uri = "https://other.example/oauth/jwks.json";
  host.publish("/oauth/jwks.json", { keys: [{ ...(await exportJWK(publicKey)), kid: "k1", alg: "RS256" }] });
  host.publish(path, document({ token_endpoint_auth_method: "private_key_jwt", jwks_uri }));
  const assertion = (key: typeof privateKey) =>
    new SignJWT({ jti: crypto.randomUUID() })
      .setProtectedHeader({ alg: "RS256", kid: "k1" })
      .setIssuer(id)
      .setSubject(id)
      .setAudience(`${server.url}/oauth/token`)
      .setExpirationTime(Math.floor(server.now() / 1000) + 60)
      .sign(key);
  const client_assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
  const allowed = await allow(server, id);
  const sent = async (more: Readonly<Record<string, string>>) =>
    send(server, "", form("/oauth/token", redemption(allowed, id, more)));

  expect(await sent({})).toMatchObject({ status: 401, body: { error: "invalid_client" } });
  const { privateKey: stolen } = await generateKeyPair("RS256");
  const wrong = await sent({ client_assertion_type, client_assertion: await assertion(stolen) });
  expect(wrong).toMatchObject({ status: 401, body: { error: "invalid_client" } });
  const right = await sent({ client_assertion_type, client_assertion: await assertion(privateKey) });
  expect(right.status).toBe(200);
  expect(host.asked).toEqual([id, jwks_uri]);
});

describe("if the document cannot be read any more,", () => {
  test("people stay signed in for seven days, and then the client has to wait", async () => {
    const { refresh } = await clientTokens(server, id);
    fail(403);
    server.advance(6 * day);
    const later = await refreshed(refresh);
    expect(later.status).toBe(200);
    server.advance(day);
    const waiting = await refreshed(String(later.body["refresh_token"]));
    expect(waiting).toMatchObject({ status: 503, body: { error: "temporarily_unavailable" } });
    const { status, headers, text } = await page();
    expect([status, headers.get("retry-after"), headers.get("location")]).toEqual([503, "1", null]);
    expect(text).not.toContain("app.example");
  });

  test("because its host withdrew it, the client is unknown at once after its freshness", async () => {
    const { refresh } = await clientTokens(server, id);
    fail(404);
    server.advance(2 * 3_600_000);
    expect(await refreshed(refresh)).toMatchObject({ status: 401, body: { error: "invalid_client" } });
    const { status, headers } = await page();
    expect([status, headers.get("location")]).toEqual([400, null]);
  });
});

test("a blocked client is unknown, and its people are signed out", async () => {
  const { refresh } = await clientTokens(server, id);
  await blockClient(server, id);
  expect(await refreshed(refresh)).toMatchObject({ status: 401, body: { error: "invalid_client" } });
  expect((await page()).status).toBe(400);
});

test("an id that leads inside gets the page of an unknown client, and its address is not logged", async () => {
  const inner = [
    "https://127.0.0.1/secret-path",
    "https://10.0.0.7/secret-path",
    "https://[::1]/secret-path",
  ];
  const pages = await Promise.all([...inner, "unknown"].map((clientId) => page(clientId)));
  expect(pages.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
  expect(new Set(pages.map(withoutRequestId)).size).toBe(1);
  expect(host.connected).toEqual([]);
  expect(JSON.stringify(server.logged())).not.toContain("secret-path");
});

describe("an id at an inner name is answered like one at a name that does not exist", () => {
  const names = ["inner.example", "sunk.example", "none.example"];
  beforeEach(() => {
    host.addresses.set("inner.example", [["10.0.0.7", "fd00::1"]]);
    host.addresses.set("sunk.example", [["0.0.0.0"]]);
  });
  afterEach(() => {
    expect(host.connected).toEqual([]);
    expect(JSON.stringify(server.logged())).not.toContain("secret-path");
  });

  test("by the page", async () => {
    const pages = await Promise.all(names.map((name) => page(`https://${name}/secret-path`)));
    expect(pages.map(({ status }) => status)).toEqual([503, 503, 503]);
    expect(new Set(pages.map(withoutRequestId)).size).toBe(1);
    expect(new Set(pages.map(({ headers }) => headers.get("retry-after")))).toEqual(new Set(["1"]));
  });

  test("by the token endpoint", async () => {
    const ask = (name: string) => {
      const client_id = `https://${name}/secret-path`;
      return send(
        server,
        "",
        form("/oauth/token", { grant_type: "refresh_token", refresh_token: "x", client_id }),
      );
    };
    const [unknown, ...others] = await Promise.all(names.toReversed().map(ask));
    expect(unknown).toMatchObject({ status: 503, body: { error: "temporarily_unavailable" } });
    for (const { status, body } of others)
      expect({ status, body }).toEqual({ status: 503, body: unknown?.body });
  });
});

describe("the setting of client documents", () => {
  const discovery = "/.well-known/oauth-authorization-server";
  const supports = async (at: TestServer) =>
    (await send(at, "", { method: "GET", path: discovery })).body["client_id_metadata_document_supported"];

  test("allows some hosts", async () => {
    await using some = await open({ OAUTH_CLIENT_DOCUMENTS: "claude.ai,other.example" });
    expect(await supports(some)).toBe(true);
    expect((await page(id, some)).status).toBe(400);
    expect(host.connected).toEqual([]);
  });

  test("turns them off, and then no connection is opened", async () => {
    await using none = await open({ OAUTH_CLIENT_DOCUMENTS: "off" });
    expect(await supports(none)).not.toBe(true);
    expect((await page(id, none)).status).toBe(400);
    expect((await page("https://claude.ai/oauth/mcp-oauth-client-metadata", none)).status).toBe(400);
    expect(host.connected).toEqual([]);
  });
});

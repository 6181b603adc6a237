import { redirectUri } from "@latchkey/testkit/oauth/client-calls";
import { DocumentHost } from "@latchkey/testkit/oauth/document-host";
import { testServer } from "@latchkey/testkit/server/test-server";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { argon2id } from "../../src/core/passwords/passwords.ts";
import { check, type Expected } from "./api-case.ts";
import { refused } from "./oauth-token-contract.ts";
import { addClient, allow, form, redemption } from "./oauth-world.ts";

const id = "https://app.example/client.json";
const keySet = "https://app.example/keys.json";

/** A server that finds client documents at a host of the test. */
async function openWorld(settings: Readonly<Record<string, string>> = {}) {
  const host = await DocumentHost.start();
  const server = await testServer(settings, argon2id, 0, host.network);
  return {
    host,
    server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}

const document = (more: object = {}) => ({
  client_id: id,
  client_name: "Notes",
  redirect_uris: [redirectUri],
  token_endpoint_auth_method: "none",
  ...more,
});
const refreshing = form("/oauth/token", { grant_type: "refresh_token", refresh_token: "x", client_id: id });
const redeemed: Expected = {
  status: 200,
  body: { token_type: "Bearer" },
  events: ["authorization.redeemed"],
};

describe("/oauth/token, for a client that a document describes", () => {
  test("gives tokens to a public client", async () => {
    await using world = await openWorld();
    world.host.publish("/client.json", document());
    const allowed = await allow(world.server, id);
    await check(world.server, "", form("/oauth/token", redemption(allowed, id)), redeemed);
  });

  test("503: its host does not answer", async () => {
    await using world = await openWorld();
    world.host.answers.set("/client.json", (_request, response) => response.writeHead(403).end());
    const later = { code: "client_document_unavailable", headers: { "retry-after": /^\d+$/ } };
    await check(world.server, "", refreshing, refused(503, "temporarily_unavailable", later));
  });

  test.each<[string, object | undefined]>([
    ["there is none", undefined],
    ["it is another client's", document({ client_id: `${id}x` })],
    ["it holds a secret", document({ client_secret: "canary" })],
  ])("401: %s", async (_name, served) => {
    await using world = await openWorld();
    if (served !== undefined) world.host.publish("/client.json", served);
    const { text } = await check(world.server, "", refreshing, refused(401, "invalid_client"));
    expect(text).not.toContain("canary");
  });

  test.each([{ OAUTH_CLIENT_DOCUMENTS: "off" }, { OAUTH_CLIENT_DOCUMENTS: "claude.ai" }])(
    "401, and no fetch, with %j",
    async (settings) => {
      await using world = await openWorld(settings);
      world.host.publish("/client.json", document());
      await check(world.server, "", refreshing, refused(401, "invalid_client"));
      expect(world.host.asked).toEqual([]);
    },
  );
});

describe("private_key_jwt", () => {
  const type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

  async function makeKey() {
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    return { jwk: { ...(await exportJWK(publicKey)), kid: "one", alg: "ES256" }, privateKey };
  }
  type Key = Awaited<ReturnType<typeof makeKey>>;

  const sign = ({ privateKey }: Key, clientId: string, audience: string, now: number) =>
    new SignJWT({ jti: crypto.randomUUID() })
      .setProtectedHeader({ alg: "ES256", kid: "one" })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(audience)
      .setIssuedAt(Math.floor(now / 1000))
      .setExpirationTime(Math.floor(now / 1000) + 60)
      .sign(privateKey);

  test("proves a client of the operator, once for each assertion", async () => {
    await using world = await openWorld();
    const { server } = world;
    const key = await makeKey();
    const { id: clientId } = await addClient(server, { credentials: [{ kind: "keys", keys: [key.jwk] }] });
    const assertion = await sign(key, clientId, server.url, server.now());
    const machine = {
      grant_type: "client_credentials",
      client_assertion_type: type,
      client_assertion: assertion,
    };
    const request = form("/oauth/token", { ...machine, resource: "http://127.0.0.1:7777/mcp" });
    await check(server, "", request, {
      status: 200,
      body: { token_type: "Bearer" },
      events: ["token.issued"],
    });
    await check(server, "", request, refused(401, "invalid_client"));
    const other = { ...machine, client_id: "another" };
    await check(server, "", form("/oauth/token", other), refused(400, "invalid_request"));
    const unproven = form("/oauth/token", { grant_type: "client_credentials", client_id: clientId });
    await check(server, "", unproven, refused(401, "invalid_client"));
    expect(JSON.stringify(server.logged())).not.toContain(assertion);
  });

  test("proves a client by the keys at the address of its document, which may also come without a proof", async () => {
    await using world = await openWorld();
    const { server } = world;
    const key = await makeKey();
    const methods = { token_endpoint_auth_methods_supported: ["none", "private_key_jwt"] };
    world.host.publish(
      "/client.json",
      document({ token_endpoint_auth_method: "private_key_jwt", jwks_uri: keySet, ...methods }),
    );
    world.host.publish("/keys.json", { keys: [key.jwk] });
    const proven = async (audience: string) => ({
      client_id: undefined,
      client_assertion_type: type,
      client_assertion: await sign(key, id, audience, server.now()),
    });
    const first = redemption(await allow(server, id), id, await proven(`${server.url}/oauth/token`));
    await check(server, "", form("/oauth/token", first), redeemed);
    const second = redemption(await allow(server, id), id);
    const wrong = { ...second, ...(await proven("https://elsewhere.example")) };
    await check(server, "", form("/oauth/token", wrong), refused(401, "invalid_client"));
    await check(server, "", form("/oauth/token", second), redeemed);
  });
});

test("fetches, registrations, decisions and redemptions are counted", async () => {
  await using world = await openWorld();
  const { server } = world;
  world.host.publish("/client.json", document());
  const allowed = await allow(server, id);
  await check(
    server,
    "",
    form("/oauth/token", redemption(allowed, id, { code: "x" })),
    refused(400, "invalid_grant"),
  );
  await check(server, "", form("/oauth/token", redemption(allowed, id)), redeemed);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics.split("\n").filter((line) => line.startsWith("latchkey_oauth_"))).toEqual([
    'latchkey_oauth_registrations_total{outcome="ok"} 0',
    'latchkey_oauth_registrations_total{outcome="refused"} 0',
    'latchkey_oauth_client_document_fetches_total{outcome="ok"} 1',
    'latchkey_oauth_client_document_fetches_total{outcome="stale"} 0',
    'latchkey_oauth_client_document_fetches_total{outcome="failed"} 0',
    'latchkey_oauth_client_document_fetches_total{outcome="refused"} 0',
    'latchkey_oauth_authorizations_total{outcome="granted"} 1',
    'latchkey_oauth_authorizations_total{outcome="denied"} 0',
    'latchkey_oauth_redemptions_total{outcome="ok"} 1',
    'latchkey_oauth_redemptions_total{outcome="refused"} 1',
    "latchkey_oauth_code_replays_total 0",
  ]);
  expect(metrics).toContain('latchkey_requests_total{operation="oauth_token",code="invalid_grant"} 1');
});

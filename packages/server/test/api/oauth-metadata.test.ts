import { discover } from "@latchkey/testkit/mcp/discovery";
import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { describe, expect, test } from "vitest";
import { claimsOf, send } from "./api-case.ts";
import { majors } from "./mcp-client.ts";
import { allow, form, redemption, register, tokensIn } from "./oauth-world.ts";

const wellKnown = "/.well-known";
const names = [`${wellKnown}/oauth-authorization-server`, `${wellKnown}/openid-configuration`];

async function read(server: TestServer, path: string) {
  const { status, headers, body } = await send(server, "", { method: "GET", path });
  expect(status, path).toBe(200);
  return { headers, body };
}

describe("the metadata of the authorization server", () => {
  test("is one document under both names, for caches and every page", async () => {
    await using server = await testServer();
    const [first, second] = await Promise.all(names.map((name) => read(server, name)));
    expect(first?.body).toEqual(second?.body);
    for (const answer of [first, second]) {
      expect(answer?.headers.get("cache-control")).toBe("public, max-age=300");
      expect(answer?.headers.get("access-control-allow-origin")).toBe("*");
    }
  });

  test("names every endpoint and what it takes", async () => {
    await using server = await testServer();
    const at = (path: string) => `${server.url}${path}`;
    const { body } = await read(server, names[0] ?? "");
    expect(body).toEqual({
      issuer: server.url,
      authorization_endpoint: at("/oauth/authorize"),
      token_endpoint: at("/oauth/token"),
      registration_endpoint: at("/oauth/register"),
      revocation_endpoint: at("/oauth/revoke"),
      introspection_endpoint: at("/oauth/introspect"),
      jwks_uri: at("/.well-known/jwks.json"),
      latchkey_revocations_endpoint: at("/revocations"),
      service_documentation: at("/docs"),
      response_types_supported: ["code"],
      response_modes_supported: ["query"],
      grant_types_supported: ["authorization_code", "refresh_token", "client_credentials"],
      code_challenge_methods_supported: ["S256"],
      token_endpoint_auth_methods_supported: [
        "none",
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
      ],
      token_endpoint_auth_signing_alg_values_supported: expect.arrayContaining(["ES256", "RS256"]),
      revocation_endpoint_auth_methods_supported: expect.arrayContaining(["none", "private_key_jwt"]),
      revocation_endpoint_auth_signing_alg_values_supported: expect.arrayContaining(["ES256", "RS256"]),
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: true,
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["ES256"],
      claims_supported: expect.arrayContaining(["iss", "sub", "sid"]),
    });
    // RFC 8414 §2: a member with an empty array must be left out.
    expect(Object.values(body).filter((value) => Array.isArray(value) && value.length === 0)).toEqual([]);
    // Several clients ask for all scopes on such a list, and a client that finds `offline_access` asks the person twice.
    expect(body).not.toHaveProperty("scopes_supported");
  });

  test("names the algorithm of access tokens", async () => {
    await using server = await testServer({ SIGNING_ALGORITHM: "RS256" });
    const { body } = await read(server, names[0] ?? "");
    expect(body["id_token_signing_alg_values_supported"]).toEqual(["RS256"]);
  });

  test.each([
    [
      { OAUTH_REGISTRATION: "off" },
      { client_id_metadata_document_supported: true },
      ["registration_endpoint"],
    ],
    [{ OAUTH_CLIENT_DOCUMENTS: "off" }, { client_id_metadata_document_supported: false }, []],
    [{ OAUTH_CLIENT_DOCUMENTS: "claude.ai" }, { client_id_metadata_document_supported: true }, []],
    [{ DOCS: "off" }, {}, ["service_documentation"]],
  ])("with %j", async (settings, members, absent) => {
    await using server = await testServer(settings);
    const { body } = await read(server, names[0] ?? "");
    expect(body).toMatchObject(members);
    for (const member of absent) expect(body).not.toHaveProperty(member);
  });

  test("is found with the issuer's path behind the name, in front of it, and without it", async () => {
    await using server = await testServer({ ISSUER: "https://x.example/auth-service" });
    for (const name of names) {
      for (const path of [name, `${name}/auth-service`, `/auth-service${name}`]) {
        const { body } = await read(server, path);
        expect(body).toMatchObject({
          issuer: "https://x.example/auth-service",
          token_endpoint: "https://x.example/auth-service/oauth/token",
        });
      }
      const { status } = await send(server, "", { method: "GET", path: `${name}/other` });
      expect(status).toBe(404);
    }
  });

  test.each(["", "https://login.example.com", "https://x.example/auth-service"])(
    "has the issuer of tokens, of responses and of the tools: %j",
    async (issuer) => {
      await using server = await testServer({ MCP: "on", ...(issuer !== "" && { ISSUER: issuer }) });
      const expected = issuer === "" ? server.url : issuer;
      for (const name of names) expect((await read(server, name)).body["issuer"]).toBe(expected);
      const { body: tools } = await read(server, `${wellKnown}/oauth-protected-resource/mcp`);
      expect(tools["authorization_servers"]).toEqual([expected]);
      const { id } = await register(server);
      const allowed = await allow(server, id, {}, new URL(expected).origin);
      expect(allowed.response.get("iss")).toBe(expected);
      const { access } = tokensIn(await send(server, "", form("/oauth/token", redemption(allowed, id))));
      expect(claimsOf(access)).toMatchObject({ iss: expected, aud: tools["resource"] });
    },
  );

  test.each(majors)("is read by the official client %i.x", async (major) => {
    await using server = await testServer();
    expect(await discover(major, server.url)).toMatchObject({ issuer: server.url });
  });
});

describe("without the authorization server", () => {
  test.each(majors)(
    "the official client %i.x finds none, and no document that it cannot read",
    async (major) => {
      await using server = await testServer({ OAUTH: "off" });
      expect(await discover(major, server.url)).toBeUndefined();
    },
  );

  test("a cache keeps the answers to verifiers and to MCP clients apart", async () => {
    await using server = await testServer({ OAUTH: "off", CORS_ORIGINS: "https://app.example" });
    const path = `${wellKnown}/openid-configuration`;
    const found = await read(server, path);
    expect(found.headers.get("vary")).toBe("Origin, mcp-protocol-version");
    const headers = { "mcp-protocol-version": "2026-07-28" };
    const missing = await send(server, "", { method: "GET", path, headers });
    expect([missing.status, missing.body["code"]]).toEqual([404, "not_found"]);
    expect(missing.headers.get("vary")).toBe("Origin, mcp-protocol-version");
    expect(missing.headers.get("cache-control")).toBe("no-store");
  });

  test.each([
    `${wellKnown}/oauth-authorization-server`,
    "/oauth/authorize",
    "/oauth/token",
    "/oauth/register",
  ])("%s does not exist", async (path) => {
    await using server = await testServer({ OAUTH: "off" });
    expect((await send(server, "", { method: "GET", path })).status).toBe(404);
  });
});

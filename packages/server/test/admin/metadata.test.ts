import { passwords, testServer } from "@latchkey/testkit/server/test-server";
import { expect, test } from "vitest";
import { powers } from "../../src/core/people/powers.ts";
import { bearer, check, send, signIn } from "../api/api-case.ts";
import { addClient, form } from "../api/oauth-world.ts";

const wellKnown = "/.well-known/oauth-protected-resource";
const users = { method: "GET", path: "/admin/v1/users" } as const;

const challengeOf = (metadata: string) => `Bearer resource_metadata="${metadata}"`;

test("a 401 names metadata that leads a program to a token", async () => {
  await using server = await testServer();
  const metadata = `${server.url}${wellKnown}/admin/v1`;
  await check(server, "", users, {
    status: 401,
    code: "missing_token",
    headers: { "www-authenticate": challengeOf(metadata) },
  });
  const described = await fetch(metadata);
  expect(described.headers.get("cache-control")).toBe("public, max-age=300");
  expect(described.headers.get("access-control-allow-origin")).toBe("*");
  const answer: unknown = await described.json();
  expect(answer).toEqual({
    resource: `${server.url}/admin/v1`,
    authorization_servers: [server.url],
    bearer_methods_supported: ["header"],
    scopes_supported: [...powers],
  });
  const { id, secret } = await addClient(server, { roles: [], scope: "users:read" });
  const asked = { grant_type: "client_credentials", client_id: id, client_secret: secret };
  const { body } = await send(
    server,
    "",
    form("/oauth/token", { ...asked, resource: `${server.url}/admin/v1` }),
  );
  const headers = bearer(String(body["access_token"]));
  expect((await send(server, "", { ...users, headers })).status).toBe(200);
});

test("a refused token gets the error and the metadata, in every operation", async () => {
  await using server = await testServer();
  const metadata = `resource_metadata="${server.url}${wellKnown}/admin/v1"`;
  const { access } = await signIn(server, "alice", passwords.alice);
  server.advance(24 * 3_600_000);
  for (const [token, code, description] of [
    ["a.b.c", "invalid_token", "The token is not valid"],
    [access, "token_expired", "The token has expired: refresh it or sign in again"],
  ] as const)
    for (const path of ["/users", "/clients", "/audit", "/keys"])
      await check(
        server,
        "/admin/v1",
        { method: "GET", path, headers: bearer(token) },
        {
          status: 401,
          code,
          headers: {
            "www-authenticate": `Bearer error="invalid_token", error_description="${description}", ${metadata}`,
          },
        },
      );
});

test("other 401s, and a 403, name no metadata", async () => {
  await using server = await testServer();
  const me = await send(server, "/auth", { method: "GET", path: "/me" });
  expect([me.status, me.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
  const { access } = await signIn(server, "alice", passwords.alice);
  const forbidden = await send(server, "", { ...users, headers: bearer(access) });
  expect([forbidden.status, forbidden.headers.get("www-authenticate")]).toEqual([403, null]);
});

test("the metadata follows the loopback name that a client dialled", async () => {
  await using server = await testServer();
  const dialled = server.url.replace("127.0.0.1", "localhost");
  const refused = await fetch(`${dialled}/admin/v1/users`);
  const metadata = `${dialled}${wellKnown}/admin/v1`;
  expect(refused.headers.get("www-authenticate")).toBe(challengeOf(metadata));
  const answer: unknown = await (await fetch(metadata)).json();
  expect(answer).toMatchObject({ resource: `${dialled}/admin/v1` });
});

test("the metadata is served with the issuer's path behind the well-known name, and without it", async () => {
  const issuer = "https://x.example/auth-service";
  await using server = await testServer({ ISSUER: issuer });
  const named = `https://x.example${wellKnown}/auth-service/admin/v1`;
  for (const path of ["/admin/v1/users", "/auth-service/admin/v1/users"]) {
    const { headers } = await send(server, "", { method: "GET", path });
    expect(headers.get("www-authenticate")).toBe(challengeOf(named));
  }
  for (const path of [new URL(named).pathname, `${wellKnown}/admin/v1`]) {
    const { status, body } = await send(server, "", { method: "GET", path });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { resource: `${issuer}/admin/v1`, authorization_servers: [issuer] },
    });
  }
});

test("without the authorization server there is no metadata, and no 401 names any", async () => {
  await using server = await testServer({ OAUTH: "off" });
  const { headers } = await send(server, "", users);
  expect(headers.get("www-authenticate")).toBe("Bearer");
  const described = await send(server, "", { method: "GET", path: `${wellKnown}/admin/v1` });
  expect([described.status, described.body["code"]]).toEqual([404, "not_found"]);
});

test("a page of any origin reads it after a preflight", async () => {
  await using server = await testServer();
  const headers = { origin: "https://app.example", "access-control-request-method": "GET" };
  const preflight = await fetch(`${server.url}${wellKnown}/admin/v1`, { method: "OPTIONS", headers });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
});

test("an id with /oauth/ in it changes neither the form of an error nor its challenge", async () => {
  await using server = await testServer();
  const path = `/clients/${encodeURIComponent("https://app.example/oauth/client.json")}` as const;
  for (const method of ["GET", "DELETE"] as const)
    await check(
      server,
      "/admin/v1",
      { method, path },
      {
        status: 401,
        code: "missing_token",
        absent: ["error", "error_description"],
        headers: { "www-authenticate": challengeOf(`${server.url}${wellKnown}/admin/v1`) },
      },
    );
});

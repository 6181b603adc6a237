import { generateKeyPairSync } from "node:crypto";
import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { SignJWT } from "jose";
import { expect, test } from "vitest";
import { operator } from "../../src/core/audit-events.ts";
import type { NewProof } from "../../src/core/oauth/new-client.ts";
import { createClientAdministration } from "../../src/core/stories/client-administration.ts";
import { openStore } from "../../src/store/store.ts";
import { bearer, claimsOf, send } from "./api-case.ts";
import { connectMcp, majors } from "./mcp-client.ts";

/** Adds a machine beside the server, as the command does. */
async function machineOn(
  server: TestServer,
  roles: readonly string[] = [],
  proof: NewProof = { kind: "new_secret" },
) {
  const place = { engine: "sqlite", path: server.database } as const;
  const store = await openStore({ place, owner: "command", onAudit: () => {} });
  try {
    const administration = createClientAdministration({
      clients: store.clients,
      clock: server.now,
      by: operator,
    });
    const { client, secret = "" } = await administration.add({
      name: "Robot",
      redirectUris: [],
      proof,
      machine: true,
      roles,
      scopes: [],
    });
    return { id: client.id, secret };
  } finally {
    await store.close();
  }
}

async function tokenOf(server: TestServer, { id, secret }: { readonly id: string; readonly secret: string }) {
  const response = await fetch(`${server.url}/oauth/token`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  const { access_token: token }: { readonly access_token: string } = JSON.parse(await response.text());
  return token;
}

test("the token of a machine is for the server's own tools, if it names no resource", async () => {
  await using server = await testServer();
  const robot = await machineOn(server);
  const token = await tokenOf(server, robot);
  expect(claimsOf(token)).toMatchObject({ sub: robot.id, aud: `${server.url}/mcp`, roles: [] });
  expect(claimsOf(token)).not.toHaveProperty("scope");
  expect(server.newEvents()).toContainEqual(
    expect.objectContaining({
      name: "token.issued",
      subject: robot.id,
      client: robot.id,
      resource: `${server.url}/mcp`,
      address: "127.0.0.1",
    }),
  );
});

test("the token of a machine opens no account under /auth", async () => {
  await using server = await testServer();
  const token = await tokenOf(server, await machineOn(server, ["admin"]));
  for (const [method, path, body] of [
    ["GET", "/me", undefined],
    ["POST", "/logout", undefined],
    ["POST", "/refresh", { current_token: token }],
  ] as const)
    expect((await send(server, "/auth", { method, path, body, headers: bearer(token) })).status).toBe(401);
});

test.each(majors)("a machine calls the tools of its roles, with a client of major %i", async (major) => {
  await using server = await testServer();
  const robot = await machineOn(server, ["admin"]);
  await using client = await connectMcp(major, server.url, await tokenOf(server, robot));
  server.newEvents();
  expect((await client.call("disable_user", { user: "bob" })).value).toMatchObject({ active_status: false });
  expect(server.newEvents()).toEqual([
    expect.objectContaining({ name: "user.disabled", actor: robot.id, client: robot.id }),
  ]);
  expect((await client.call("list_my_sessions")).value).toEqual({ total: 0, sessions: [] });
  expect(await client.call("who_am_i")).toMatchObject({ value: undefined, code: "forbidden" });
});

test("a machine without the role sees no tool of administrators", async () => {
  await using server = await testServer();
  await using client = await connectMcp(2, server.url, await tokenOf(server, await machineOn(server)));
  expect((await client.list()).map(({ name }) => name)).not.toContain("disable_user");
  expect((await client.call("disable_user", { user: "bob" })).value).toBeUndefined();
});

test("the address of a machine's keys is asked also if client documents are off", async () => {
  await using server = await testServer({ OAUTH_CLIENT_DOCUMENTS: "off" });
  // Never asked in fact: it is an address of this machine.
  const address = { kind: "key_address", url: "https://127.0.0.1/keys.json" } as const;
  const { id } = await machineOn(server, [], address);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const assertion = await new SignJWT({})
    .setProtectedHeader({ alg: "ES256" })
    .setIssuer(id)
    .setSubject(id)
    .setAudience(server.url)
    .setExpirationTime(new Date(server.now() + 60_000))
    .sign(privateKey);
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: assertion,
  });
  const response = await fetch(`${server.url}/oauth/token`, { method: "POST", body });
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ error: "temporarily_unavailable" });
  expect(JSON.stringify(server.logged())).toMatch(/public address/);
});

import { connect } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { redirectUri } from "@latchkey/testkit/oauth/client-calls";
import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { describe, expect, test } from "vitest";
import { type ApiRequest, check, type Expected } from "./api-case.ts";
import { refused } from "./oauth-token-contract.ts";

import { localWorld, sharedServer } from "./provider-world.ts";

const register = (body: unknown, headers: Readonly<Record<string, string>> = {}): ApiRequest => ({
  method: "POST",
  path: "/oauth/register",
  body,
  headers,
});
const json = { "content-type": "application/json" };
const registered = (body: object, absent: readonly string[] = []): Expected => ({
  status: 201,
  body: { client_id: expect.stringMatching(/^lkc_[\w-]+$/), ...body },
  absent: ["error", "code", "registration_client_uri", "registration_access_token", ...absent],
  headers: { "access-control-allow-origin": "*" },
});

describe("/oauth/register", () => {
  const server = sharedServer(localWorld);

  test.each<[string, ApiRequest, Expected]>([
    [
      "a public client",
      register({ redirect_uris: [redirectUri], client_name: "Notes", token_endpoint_auth_method: "none" }),
      registered(
        {
          client_name: "Notes",
          redirect_uris: [redirectUri],
          token_endpoint_auth_method: "none",
          grant_types: ["authorization_code", "refresh_token"],
          response_types: ["code"],
        },
        ["client_secret", "client_secret_expires_at"],
      ),
    ],
    [
      "a client with a secret",
      register({ redirect_uris: [redirectUri], token_endpoint_auth_method: "client_secret_post" }),
      registered({
        client_secret: expect.stringMatching(/^lks_[\w-]{43}$/),
        client_secret_expires_at: 0,
        token_endpoint_auth_method: "client_secret_post",
      }),
    ],
    [
      "members, grants and methods that are unknown here",
      register({
        redirect_uris: [redirectUri],
        grant_types: ["implicit", "urn:ietf:params:oauth:grant-type:device_code"],
        response_types: ["token"],
        token_endpoint_auth_method: "tls_client_auth",
        logo_uri: "https://app.example/logo.png",
        contacts: [null],
        __proto__: { a: 1 },
      }),
      registered({ response_types: ["code"], token_endpoint_auth_method: "none" }, ["logo_uri", "contacts"]),
    ],
    ["no body", register("", json), refused(400, "invalid_client_metadata")],
    ["a body that is not JSON", register("{", json), refused(400, "invalid_client_metadata")],
    [
      "a form",
      register("redirect_uris=x", { "content-type": "application/x-www-form-urlencoded" }),
      refused(400, "invalid_client_metadata"),
    ],
    ["a list", register([]), refused(400, "invalid_client_metadata")],
    ["null", register("null", json), refused(400, "invalid_client_metadata")],
    ["no redirect URI", register({}), refused(400, "invalid_redirect_uri")],
    ["an empty list of redirect URIs", register({ redirect_uris: [] }), refused(400, "invalid_redirect_uri")],
    [
      "a redirect URI that is no text",
      register({ redirect_uris: [5] }),
      refused(400, "invalid_redirect_uri"),
    ],
    [
      "http off this machine",
      register({ redirect_uris: ["http://app.example/cb"] }),
      refused(400, "invalid_redirect_uri"),
    ],
    [
      "a script",
      register({ redirect_uris: ["javascript:alert(1)//x"] }),
      refused(400, "invalid_redirect_uri"),
    ],
    [
      "one wrong redirect URI of two",
      register({ redirect_uris: [redirectUri, "data:text/html,x"] }),
      refused(400, "invalid_redirect_uri"),
    ],
    [
      "metadata too long for an id",
      register({
        redirect_uris: Array.from(
          { length: 10 },
          (_, one) => `https://app.example/${one}/${"x".repeat(450)}`,
        ),
      }),
      refused(400, "invalid_client_metadata"),
    ],
  ])("%s", async (_name, request, expected) => {
    const { text } = await check(server(), "", request, expected);
    expect(text).not.toContain("null");
  });

  test("an answer never repeats a refused redirect URI", async () => {
    const request = register({ redirect_uris: ["javascript:canary"] });
    const { text } = await check(server(), "", request, refused(400, "invalid_redirect_uri"));
    expect(text).not.toContain("canary");
    expect(JSON.stringify(server().logged())).not.toContain("canary");
  });
});

test("10,000 registrations leave the database as it was, and a network has a limit", async () => {
  await using server = await testServer();
  const before = rowsOf(server.database);
  for (let minute = 0; minute < 10; minute++) {
    server.advance(60_000);
    await registerMany(server);
  }
  expect(rowsOf(server.database)).toEqual(before);
  const request = register({ redirect_uris: [redirectUri] });
  const limited = refused(503, "temporarily_unavailable", {
    code: "rate_limited",
    headers: { "retry-after": "60" },
  });
  await check(server, "", request, limited);
  server.advance(60_000);
  await check(server, "", request, registered({}));
});

test("without LATCHKEY_OAUTH_REGISTRATION the route does not exist", async () => {
  await using server = await testServer({ OAUTH_REGISTRATION: "off" });
  const expected: Expected = { status: 404, code: "not_found", body: { error: "invalid_request" } };
  await check(server, "", register({ redirect_uris: [redirectUri] }), expected);
});

/** As many registrations as a network may make in one minute. All requests are on the way at once, to save time. */
async function registerMany({ url }: TestServer): Promise<void> {
  const body = JSON.stringify({ redirect_uris: [redirectUri] });
  const { host, hostname, port } = new URL(url);
  const headers = `Host: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
  const request = `POST /oauth/register HTTP/1.1\r\n${headers}\r\n\r\n${body}`;
  const last = request.replace("\r\n", "\r\nConnection: close\r\n");
  const socket = connect(Number(port), hostname);
  socket.write(request.repeat(999) + last);
  const answers = await text(socket);
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(Array(1000).fill("HTTP/1.1 201"));
}

/** All rows by table. The server notes the time of its last deletions by itself. */
function rowsOf(path: string): Readonly<Record<string, unknown[]>> {
  using database = new DatabaseSync(path);
  const tables = database
    .prepare("select name from sqlite_schema where type = 'table' and name <> 'deletion_time'")
    .all();
  return Object.fromEntries(
    tables.map(({ name }) => [String(name), database.prepare(`select * from "${name}"`).all()]),
  );
}

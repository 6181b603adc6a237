import { request } from "node:http";
import { createGuard } from "@latchkey/guard";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { freePort } from "@latchkey/testkit/sockets";
import { until } from "@latchkey/testkit/until";
import { expect, test } from "vitest";
import { ask } from "../api/raw-request.ts";
import { bareNginx } from "./bare-nginx.ts";

const place = new Place();
const at = (upstream: string, more: string) => `location / { proxy_pass ${upstream}; ${more} }`;

test.each([
  ["nothing but proxy_pass", "", "login.example", 401],
  [
    "HTTP/1.1 and X-Forwarded-For",
    "proxy_http_version 1.1; proxy_set_header X-Forwarded-For $remote_addr;",
    "login.example",
    401,
  ],
  [
    "HTTP/1.1 and X-Real-IP",
    "proxy_http_version 1.1; proxy_set_header X-Real-IP $remote_addr;",
    "localhost",
    401,
  ],
  [
    "HTTP/1.1 and the caller's Host",
    "proxy_http_version 1.1; proxy_set_header Host $host;",
    "login.example",
    421,
  ],
])("behind nginx with %s, strangers need a key", async (name, location, host, status) => {
  const server = await place.server({ env: { LATCHKEY_ISSUER: "" } });
  expect(await ask(server.url, "GET", "/metrics")).toMatchObject({ status: 200 });
  await using nginx = await bareNginx(
    place.path(name.replaceAll(/\W/g, "-")),
    at(server.url, location),
    await freePort(),
  );
  for (const path of ["/metrics", "/revocations"]) {
    expect(await ask(nginx.url, "GET", path, { host })).toMatchObject({ status });
  }
  await server.stop();
});

/** A failed login from an address of this machine. */
function failedLogin(url: string, localAddress: string, headers: Record<string, string>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const type = { "content-type": "application/json" };
    const sent = request(`${url}/auth/login`, {
      method: "POST",
      localAddress,
      headers: { ...type, ...headers },
    });
    sent.on("response", (response) => resolve(response.resume().statusCode)).on("error", reject);
    sent.end(JSON.stringify({ username: "admin", password: "wrong" }));
  });
}

test.each([
  ["x-forwarded-for", "X-Forwarded-For $remote_addr:$remote_port"],
  ["x-forwarded-for", "X-Forwarded-For $proxy_add_x_forwarded_for"],
  ["forwarded", 'Forwarded "$http_forwarded, for=\\"$remote_addr:$remote_port\\";proto=$scheme"'],
])("a client behind nginx is recognised by its own address: %s, %s", async (header, sent) => {
  const env = { LATCHKEY_TRUSTED_PROXIES: "127.0.0.1", LATCHKEY_FORWARDED_HEADER: header };
  const server = await place.server({ env });
  const location = `proxy_set_header ${sent}; proxy_set_header X-Request-Id $request_id;`;
  await using nginx = await bareNginx(
    place.path(sent.replaceAll(/\W/g, "-")),
    at(server.url, location),
    await freePort(),
  );
  const lies = { "x-forwarded-for": "192.0.2.1", forwarded: 'for="192.0.2.1', "x-request-id": "a-lie" };
  expect(await failedLogin(nginx.url, "127.0.0.9", lies)).toBe(401);
  expect(await failedLogin(server.url, "127.0.0.8", lies)).toBe(401);
  const events = () =>
    server
      .stdout()
      .split("\n")
      .filter((line) => line.includes('"login.failed"'));
  await until("both failed logins are in the log", () => events().length === 2);
  expect(events()[0]).toContain('"address":"127.0.0.9"');
  expect(events()[1]).toContain('"address":"127.0.0.8"');
  expect(server.stdout()).not.toContain("a-lie");
  await server.stop();
});

test.each([
  ["strips the path", (upstream: string) => `location /auth-service/ { proxy_pass ${upstream}/; }`],
  ["keeps the path", (upstream: string) => `location /auth-service/ { proxy_pass ${upstream}; }`],
] as const)("an issuer with a path works behind nginx that %s", async (name, location) => {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}/auth-service`;
  const guardKey = "g".repeat(40);
  const env = { LATCHKEY_ISSUER: issuer, LATCHKEY_GUARD_KEYS: guardKey, LATCHKEY_MCP: "on" };
  const server = await place.server({ env });
  const wellKnown = `location /.well-known/ { proxy_pass ${server.url}; }`;
  const locations = `${location(server.url)} ${wellKnown}`;
  await using _nginx = await bareNginx(place.path(name.replaceAll(/\W/g, "-")), locations, port);

  const post = (url: string, body: object) =>
    fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
      body: JSON.stringify(body),
    });
  // A client with the base address `…/auth-service/`.
  const answer = await post(`${issuer}//auth/login`, { username: "admin", password: adminPassword });
  expect(answer.status).toBe(200);
  const { access_token: token }: { access_token: string } = JSON.parse(await answer.text());
  await using guard = createGuard({ issuer, guardKey });
  expect(await guard.verify(token)).toMatchObject({ username: "admin" });

  const refused = await post(`${issuer}/mcp`, { jsonrpc: "2.0", id: 1, method: "prompts/list" });
  const [, metadata = ""] =
    /resource_metadata="([^"]+)"/.exec(refused.headers.get("www-authenticate") ?? "") ?? [];
  expect(await (await fetch(metadata)).json()).toMatchObject({ resource: `${issuer}/mcp` });
  const docs = await fetch(`${issuer}/docs`);
  expect([docs.status, docs.url]).toEqual([200, `${issuer}/docs/`]);
  expect((await fetch(`${issuer}/docs/static/swagger-initializer.js`)).status).toBe(200);
  await server.stop();
});

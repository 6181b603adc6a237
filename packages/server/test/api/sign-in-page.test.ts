import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { describe, expect, test } from "vitest";
import { heldHasher } from "./held-hasher.ts";
import { register } from "./oauth-world.ts";
import { localWorld } from "./provider-world.ts";
import { ask, raw } from "./raw-request.ts";
import { load, pathFor, signInPageContract, submit } from "./sign-in-page-contract.ts";

signInPageContract(localWorld);

const html = "text/html; charset=utf-8";

test("with LATCHKEY_OAUTH=off the page is an unknown path", async () => {
  await using server = await testServer({ OAUTH: "off" });
  for (const method of ["GET", "POST"]) {
    const { status, headers } = await load(server, "/oauth/authorize?client_id=1", { method });
    expect([status, headers.get("content-type")]).toEqual([404, "application/json; charset=utf-8"]);
  }
});

test("no page of another origin may read it, whatever LATCHKEY_CORS_ORIGINS says", async () => {
  await using server = await testServer({ CORS_ORIGINS: "*" });
  const { id } = await register(server);
  const headers = { origin: "https://app.example" };
  for (const method of ["GET", "POST"]) {
    const page = await load(server, pathFor(id), { method, headers });
    expect([...page.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  }
});

test("a form of another site causes no advice to admit it", async () => {
  await using server = await testServer();
  const { id } = await register(server);
  await submit(server, pathFor(id), {}, { origin: "https://evil.example" });
  expect(server.logged().filter(({ msg }) => /web page/.test(String(msg)))).toEqual([]);
});

test("an address may have 8,192 characters, and a longer one gets a page", async () => {
  await using server = await testServer();
  const { id } = await register(server);
  const path = pathFor(id, { unknown: "" });
  const longest = path + "x".repeat(8_192 - path.length);
  expect((await load(server, longest)).status).toBe(200);
  const { status, headers } = await load(server, `${longest}x`);
  expect([status, headers.get("content-type")]).toEqual([414, html]);
});

test("a body over 16 KiB gets a page", async () => {
  await using server = await testServer();
  const { id } = await register(server);
  const page = await submit(server, pathFor(id), { username: "x".repeat(17_000) });
  expect([page.status, page.headers.get("content-type")]).toEqual([413, html]);
  expect(page.html).not.toContain("xxxx");
});

test("another method gets 405, and a foreign host 421", async () => {
  await using server = await testServer();
  for (const method of ["PUT", "DELETE", "OPTIONS"]) {
    expect(await ask(server.url, method, "/oauth/authorize")).toMatchObject({
      status: 405,
      code: "method_not_allowed",
      allow: "GET, HEAD, POST",
    });
  }
  const headers = { host: "evil.example" };
  const { status } = await ask(server.url, "GET", "/oauth/authorize?client_id=1", {
    host: headers.host,
  });
  expect(status).toBe(421);
});

describe("under another name of this machine", () => {
  const query = `client_id=1&x="><script>'&y=//evil.example`;
  const atIssuer = "/oauth/authorize?client_id=1&x=%22%3E%3Cscript%3E%27&y=//evil.example";

  /** The answer to a request at `localhost`. The issuer has the address instead. */
  function atLocalhost(server: TestServer, method: string, headers = ""): Promise<string> {
    const host = `localhost:${new URL(server.url).port}`;
    const head = `${method} /oauth/authorize?${query} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n`;
    return raw(server.url, `${head}Origin: http://${host}\r\n${headers}\r\n`);
  }

  test("the page leads to the issuer before a password is typed", async () => {
    await using server = await testServer();
    const answer = await atLocalhost(server, "GET");
    expect(answer).toMatch(/^HTTP\/1\.1 303 /);
    expect(answer).toContain(`\r\nlocation: ${server.url}${atIssuer}\r\n`);
    expect(answer).toContain("\r\ncache-control: no-store\r\n");
    expect(answer).not.toContain("<form");
  });

  test("a form is refused, and its page leads to the issuer", async () => {
    await using server = await testServer();
    const form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n";
    const answer = await atLocalhost(server, "POST", form);
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer).toContain(`href="${server.url}${atIssuer.replaceAll("&", "&amp;")}"`);
    expect(answer).not.toMatch(/<script|\r\nlocation:/i);
  });
});

test.each([
  ["en", "This server is not reached by this name", "Ask the operator of this server for its right address."],
  ["de", "Dieser Server ist unter diesem Namen nicht erreichbar", "Fragen Sie den Betreiber dieses Servers"],
  ["fr", "Ce serveur n’est pas accessible sous ce nom", "Demandez la bonne adresse à l’exploitant"],
])("a foreign host gets a page of its own in the language %s", async (language, title, advice) => {
  await using server = await testServer();
  const request = "GET /oauth/authorize?client_id=canary HTTP/1.1\r\nHost: evil.example\r\nConnection: close";
  const page = await raw(server.url, `${request}\r\nAccept-Language: ${language}\r\n\r\n`);
  expect(page).toMatch(/^HTTP\/1\.1 421 /);
  expect(page).toContain(`<h1>${title}</h1>`);
  expect(page).toContain(advice);
  expect(page).toContain("(misdirected_request)");
  expect(page).not.toMatch(/href=|<form|canary|evil\.example/);
});

test("a busy server says so on the page, and nothing is lost", async () => {
  const held = heldHasher();
  await using server = await testServer({ HASH_CONCURRENCY: "1", HASH_QUEUE: "1" }, held.hasher);
  const { id } = await register(server);
  held.hold();
  const fields = { username: "alice", password: "wrong" };
  const answers = [1, 2, 3, 4].map(() => submit(server, pathFor(id), fields));
  const first = await Promise.race(answers);
  held.letGo();
  await Promise.all(answers);
  expect([first.status, first.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(first.html).toContain("The server is busy. Nothing is lost: try again in a moment.");
  expect(first.html).toContain('value="alice"');
});

test("behind a proxy that keeps a path, the page posts to its own address", async () => {
  await using server = await testServer({ ISSUER: "https://x.example/auth-service", OAUTH: "on" });
  const { id } = await register(server);
  const path = `/auth-service${pathFor(id)}`;
  expect((await load(server, path)).html).toContain('<form method="post">');
  const page = await submit(server, path, { decision: "deny" }, { origin: "https://x.example" });
  expect(page.html).toContain("iss=https%3A%2F%2Fx.example%2Fauth-service");
});

test("answers are counted by the operation and the code", async () => {
  await using server = await testServer();
  const { id } = await register(server);
  await load(server, pathFor(id));
  await load(server, pathFor("unknown"));
  await submit(server, pathFor(id), { username: "alice", password: "wrong" });
  await submit(server, pathFor(id), { username: "" });
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  for (const code of ["ok", "unknown_client", "invalid_credentials", "validation_error"]) {
    expect(metrics).toContain(`latchkey_requests_total{operation="oauth_authorize",code="${code}"} 1`);
  }
});

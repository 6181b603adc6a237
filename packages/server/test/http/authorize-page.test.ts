import { describe, expect, test } from "vitest";
import { languages } from "../../src/http/pages/language.ts";
import { styleSource } from "../../src/http/pages/style-sheet.ts";
import { get, ownOrigin } from "./authorize-calls.ts";
import { authorizeWorld, clients, queryFor } from "./authorize-world.ts";

const { device, web, scheme, document, operator } = clients;

describe("the sign-in page", () => {
  test("names the client, the resource, the rights and the receiver", async () => {
    const { statusCode, body } = await get(queryFor(device));
    expect(statusCode).toBe(200);
    expect(body).toContain("<title>Sign in to auth.example</title>");
    expect(body).toContain("<strong><bdi>Notes for the terminal</bdi></strong>");
    expect(body).toContain("It chose this name itself. Nobody has checked it.");
    expect(body).toContain("https://notes.example/mcp");
    expect(body).toContain("<code>notes:read</code>");
    expect(body).toContain("<strong><bdi>127.0.0.1</bdi></strong>");
    expect(body).toContain("Go on only if you started this just now.");
  });

  test.each([
    [device, "Nobody has checked it", "127.0.0.1", "A program on this device receives the access"],
    [scheme, "Nobody has checked it", "cursor:", "A program on this device receives the access"],
    [web, "Nobody has checked it", "web.example", "Nobody here has checked this application"],
    [
      document,
      "It is described at <strong><bdi>claude.example",
      "claude.example",
      "Nobody here has checked this",
    ],
    [operator, "The operator of this server added it", "intranet.example", undefined],
  ] as const)("says what vouches for the client $id", async (client, voucher, receiver, warning) => {
    const { body } = await get(queryFor(client));
    expect(body).toContain(voucher);
    expect(body).toContain(`<strong><bdi>${receiver}</bdi></strong>`);
    if (warning === undefined) expect(body).not.toContain('role="note"');
    else expect(body).toContain(warning);
  });

  test("shows the port and a foreign letter of the receiver", async () => {
    const { body } = await get(queryFor(device, { redirect_uri: "http://127.0.0.1:33418/callback" }));
    expect(body).toContain("<strong><bdi>127.0.0.1:33418</bdi></strong>");
  });

  test("says so if the client asked for no right in particular", async () => {
    const { body } = await get(queryFor(device, { scope: undefined }));
    expect(body).toContain("It may do everything there that you may do.");
  });

  test("fills in the name of login_hint, and never a password", async () => {
    const { body } = await get(queryFor(device, { login_hint: `al"><script>` }));
    expect(body).toContain(`value="al&quot;&gt;&lt;script&gt;"`);
    expect(body).toMatch(/<input id="password"[^>]* value=""/);
  });

  test("serves password managers and screen readers", async () => {
    const { body } = await get(queryFor(device));
    expect(body).toMatch(/<label for="username">[\s\S]*<input id="username" name="username" type="text"/);
    expect(body).toMatch(/<label for="password">[\s\S]*<input id="password" name="password" type="password"/);
    expect(body).toMatch(/id="username"[^>]*autocomplete="username" autocapitalize="none"[^>]* required>/);
    expect(body).toMatch(/id="password"[^>]*autocomplete="current-password"[^>]* required>/);
    expect(body).not.toMatch(/aria-invalid="|autocomplete="off"|onpaste/);
  });

  test("posts to its own address, and its button to refuse sends no password", async () => {
    const { body } = await get(queryFor(device));
    expect(body.match(/<form [^>]*>/g)).toEqual([
      '<form method="post">',
      '<form method="post" id="refusal">',
    ]);
    expect(body).toContain('class="second" form="refusal"');
  });

  test.each(Object.entries(languages))("is in the reader's language: %s", async (language, texts) => {
    const { body, headers } = await get(queryFor(device), { "accept-language": language });
    expect(body).toContain(`<html lang="${language}">`);
    expect(body).toContain(texts.signIn.allow);
    expect(headers["vary"]).toBe("Accept-Language");
  });

  test("has the policy of a page that nobody frames, caches or scripts", async () => {
    const { headers, body } = await get(queryFor(device));
    expect(headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": `default-src 'none'; style-src ${styleSource}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
      "x-frame-options": "DENY",
      "referrer-policy": "same-origin",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "strict-transport-security": "max-age=31536000",
    });
    expect(body).not.toMatch(/<script|style="|\son\w+=|src=/);
  });

  test("exists for an issuer with https or on this machine alone", async () => {
    await expect(authorizeWorld({}, "http://auth.example")).rejects.toThrow(/needs an issuer with https/);
    for (const own of ["http://localhost:8000", "http://127.0.0.1", "http://[::1]:8000"]) {
      await using app = await authorizeWorld({}, own);
      const headers = { host: new URL(own).host };
      expect((await app.inject({ url: `/oauth/authorize?${queryFor(device)}`, headers })).statusCode).toBe(
        200,
      );
    }
  });
});

describe("the page under another name of this machine", () => {
  /** The status and the target of the answer to a GET. */
  async function answerTo(ownIssuer: string, host: string, query = queryFor(device)) {
    await using app = await authorizeWorld({}, ownIssuer);
    const { statusCode, headers } = await app.inject({ url: `/oauth/authorize?${query}`, headers: { host } });
    return [statusCode, headers["location"]];
  }

  test.each([
    ["http://127.0.0.1:8000", "localhost:8000"],
    ["http://127.0.0.1:8000", "LOCALHOST:8000"],
    ["http://127.0.0.1:8000", "localhost.:8000"],
    ["http://127.0.0.1:8000", "[::1]:8000"],
    ["http://127.0.0.1:8000", "127.0.0.2:8000"],
    ["http://localhost:8000", "127.0.0.1:8000"],
    ["http://[::1]:8000", "localhost:8000"],
    ["http://localhost", "127.0.0.1"],
    ["http://localhost", "127.0.0.1:80"],
    ["http://localhost:8000/auth-service", "127.0.0.1:8000"],
  ])("leads to the issuer %s from %s", async (ownIssuer, host) => {
    for (const query of [queryFor(device), "client_id=unknown&redirect_uri=https://evil.example//"]) {
      expect(await answerTo(ownIssuer, host, query)).toEqual([303, `${ownIssuer}/oauth/authorize?${query}`]);
    }
  });

  test.each([
    ["its own name", "http://127.0.0.1:8000", "127.0.0.1:8000"],
    ["its own name in capitals", "http://localhost:8000", "LOCALHOST:8000"],
    ["its own address in another spelling", "http://[::1]:8000", "[0:0:0:0:0:0:0:1]:8000"],
    ["its own name with the port of HTTP", "http://localhost", "localhost:80"],
    ["another port, which a proxy may have set", "http://localhost:8000", "127.0.0.1:9000"],
    ["TLS, which a proxy ends", "https://localhost", "127.0.0.1"],
    ["a name of another machine", "http://localhost:8000", "evil.example:8000"],
    ["a name that begins like its own", "http://localhost:8000", "127.0.0.1.evil.example:8000"],
    ["an address of another machine", "http://localhost:8000", "192.0.2.1:8000"],
    ["a port that does not exist", "http://localhost:8000", "127.0.0.1:99999"],
    ["a public issuer", "https://auth.example", "localhost"],
  ])("is shown for %s", async (_name, ownIssuer, host) => {
    expect(await answerTo(ownIssuer, host)).toEqual([200, undefined]);
  });
});

test("every text of a client is escaped, and turns no text around", async () => {
  const name = `<img src=x onerror=alert(1)>\u202e"'`;
  const hostile = {
    client: { ...web, name, voucher: { by: "document", host: `a.example"><script>` } },
    redirectUri: web.redirectUris[0],
    state: `"><script>alert(1)</script>`,
    challenge: "",
    resource: { url: `https://r.example/"><script>`, name: "<script>", scopes: [] },
    scope: "<script> b",
    loginHint: `"><script>`,
  } as const;
  await using app = await authorizeWorld({
    checkRequest: async () => ({ outcome: "valid", request: hostile }),
  });
  const page = await app.inject("/oauth/authorize");
  const form = { method: "POST", url: "/oauth/authorize", payload: "decision=deny" } as const;
  const headers = { ...ownOrigin, "content-type": "application/x-www-form-urlencoded" };
  const onward = await app.inject({ ...form, headers });
  for (const { body } of [page, onward]) {
    expect(body).not.toMatch(/<script|<img/);
    expect(body).toContain("<bdi>&lt;img src=x onerror=alert(1)&gt;");
  }
});

test.each([null, "Accounts"])("the server's own tools, named %s, say what they reach", async (name) => {
  const resource = { url: "https://login.example/mcp", name, scopes: [], ownTools: true } as const;
  const request = {
    ...{ client: web, redirectUri: web.redirectUris[0], state: undefined, challenge: "", scope: "email" },
    ...{ resource, loginHint: undefined },
  };
  await using app = await authorizeWorld({ checkRequest: async () => ({ outcome: "valid", request }) });
  const { body } = await app.inject("/oauth/authorize");
  expect(body).toContain("If you administer this server, also those of other people.");
  expect(body).toContain("<small>https://login.example/mcp</small>");
});

test("a page never links an address that is not acceptable", async () => {
  const request = {
    ...{ client: web, redirectUri: "javascript:alert(1)", state: undefined, challenge: "", scope: "" },
    ...{ resource: { url: "https://r.example", name: null, scopes: [] }, loginHint: undefined },
  };
  await using app = await authorizeWorld({ checkRequest: async () => ({ outcome: "valid", request }) });
  const { statusCode, body } = await app.inject("/oauth/authorize");
  expect(statusCode).toBe(500);
  expect(body).not.toContain("javascript:");
});

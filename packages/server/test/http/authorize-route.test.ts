import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ErrorCode, LatchkeyError } from "../../src/core/errors.ts";
import type { Client } from "../../src/core/oauth/client.ts";
import { authorizationResponse } from "../../src/http/oauth/authorization-response.ts";
import { languages } from "../../src/http/pages/language.ts";
import { styleSource } from "../../src/http/pages/style-sheet.ts";
import { authorizeWorld, clients, queryFor } from "./authorize-world.ts";

const issuer = "https://auth.example";
const { device, web, scheme, document, operator } = clients;

type Changed = Readonly<Record<string, string | undefined>>;

/** The page for a query. The stories must not be called. */
async function get(query: string, headers: Readonly<Record<string, string>> = {}) {
  const unused = async () => {
    throw new Error("GET has an effect");
  };
  await using app = await authorizeWorld({ authorize: unused, deny: unused });
  return app.inject({ url: `/oauth/authorize?${query}`, headers });
}

const ownOrigin = { origin: issuer };

interface Posted {
  readonly query?: string;
  readonly form?: Readonly<Record<string, string>> | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly refusal?: LatchkeyError;
}

/** The answer to a form, and the calls of the stories. */
async function post({ query = queryFor(device), form = {}, headers = ownOrigin, refusal }: Posted) {
  const calls: string[] = [];
  await using app = await authorizeWorld({
    authorize: async ({ username, password }, { client }) => {
      calls.push(`authorize ${username} ${password} ${client.id}`);
      if (refusal !== undefined) throw refusal;
      return "the-code";
    },
    deny: async ({ client }) => void calls.push(`deny ${client.id}`),
  });
  const answer = await app.inject({
    method: "POST",
    url: `/oauth/authorize?${query}`,
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    payload:
      typeof form === "string"
        ? Buffer.from(form, "latin1")
        : String(new URLSearchParams({ decision: "allow", username: "alice", password: "right", ...form })),
  });
  return { answer, calls };
}

/** The address to which a page leads without a click. */
function onwardOf(page: string): URL | undefined {
  const [, address] = /<meta http-equiv="refresh" content="0;url=([^"]*)">/.exec(page) ?? [];
  return address === undefined ? undefined : new URL(address.replaceAll("&amp;", "&"));
}

const linksIn = (page: string) =>
  [...page.matchAll(/href="([^"]*)"/g)].map(([, address = ""]) => address.replaceAll("&amp;", "&"));

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
    [document, "It is described at <strong><bdi>claude.example", "claude.example", undefined],
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
    expect(body).toContain("It may do there what you may do.");
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
      expect((await app.inject(`/oauth/authorize?${queryFor(device)}`)).statusCode).toBe(200);
    }
  });
});

describe("a request whose client or redirect URI is not known", () => {
  const canary = "canary-of-the-sender";
  test.each<[name: string, query: string, text: string]>([
    ["an unknown client", queryFor(device, { client_id: canary }), "This application is not known here"],
    ["no client", queryFor(device, { client_id: undefined }), "This application is not known here"],
    ["an empty client", queryFor(device, { client_id: "" }), "This application is not known here"],
    ["two clients", `${queryFor(device)}&client_id=${canary}`, "This application is not known here"],
    ["no redirect URI", queryFor(device, { redirect_uri: undefined }), "The way back does not belong"],
    ["two redirect URIs", `${queryFor(device)}&redirect_uri=https://${canary}`, "The way back does not"],
    [
      "a redirect URI of its own",
      queryFor(device, { redirect_uri: `https://${canary}/cb` }),
      "The way back does not",
    ],
    ["a script", queryFor(device, { redirect_uri: `javascript:${canary}` }), "The way back does not"],
    ["nothing", "", "This application is not known here"],
  ])("with %s gets a page, and no redirect", async (_name, query, text) => {
    for (const { statusCode, headers, body } of [await get(query), (await post({ query })).answer]) {
      expect(statusCode).toBe(400);
      expect(headers).not.toHaveProperty("location");
      expect(headers["content-type"]).toBe("text/html; charset=utf-8");
      expect(body).toContain("<title>Error: ");
      expect(body).toContain(text);
      expect(body).toContain("add it again");
      expect(body).not.toContain(canary);
      expect(onwardOf(body)).toBeUndefined();
      expect(linksIn(body)).toEqual([]);
    }
  });

  test.each<[code: ErrorCode, status: number, title: string]>([
    ["client_document_unavailable", 503, "The application cannot be checked now"],
    ["store_unavailable", 503, "The server is busy"],
    ["overloaded", 503, "The server is busy"],
    ["rate_limited", 429, "Too many attempts"],
  ])("gets a page to load again after %s", async (code, status, title) => {
    const refusal = new LatchkeyError(code, { retryAfter: 7 });
    await using app = await authorizeWorld({ checkRequest: async () => ({ outcome: "refused", refusal }) });
    const { statusCode, headers, body } = await app.inject("/oauth/authorize?client_id=1");
    expect([statusCode, headers["retry-after"]]).toEqual([status, "7"]);
    expect(body).toContain(`<h1>${title}</h1>`);
    expect(linksIn(body)).toEqual([""]);
  });

  test("gets a page after a fault of the server, which hides its cause", async () => {
    await using app = await authorizeWorld({
      checkRequest: async () => {
        throw new Error("secret of the fault");
      },
    });
    const { statusCode, body } = await app.inject("/oauth/authorize");
    expect(statusCode).toBe(500);
    expect(body).toContain("Something failed on this server");
    expect(body).not.toContain("secret of the fault");
  });
});

/** Requests whose client is known: what is wrong, and the error for the client. */
const wrong: [name: string, changed: Changed, error: string][] = [
  ["no challenge", { code_challenge: undefined }, "invalid_request"],
  ["the method plain", { code_challenge_method: "plain" }, "invalid_request"],
  ["no method", { code_challenge_method: undefined }, "invalid_request"],
  ["a short challenge", { code_challenge: "abc" }, "invalid_request"],
  ["no response type", { response_type: undefined }, "invalid_request"],
  ["the response type token", { response_type: "token" }, "unsupported_response_type"],
  ["the response mode fragment", { response_mode: "fragment" }, "invalid_request"],
  ["a request object", { request: "e30.e30." }, "invalid_request"],
  ["the address of a request object", { request_uri: "https://a.example" }, "invalid_request"],
  ["an unknown resource", { resource: "https://other.example" }, "invalid_target"],
  ["prompt=none", { prompt: "none" }, "interaction_required"],
];

describe("a wrong request of a known client", () => {
  describe.each([device, scheme, operator] as Client[])("that is $id", (client) => {
    test.each(wrong)("with %s goes back at once", async (_name, changed, error) => {
      const { statusCode, headers } = await get(queryFor(client, changed));
      expect(statusCode).toBe(303);
      const location = String(headers["location"]);
      expect(location.startsWith(`${client.redirectUris[0]}?`)).toBe(true);
      expect(Object.fromEntries(new URL(location).searchParams)).toEqual({
        error,
        error_description: expect.stringMatching(/^[\x20-\x7e]+$/),
        state: "a state & more",
        iss: issuer,
      });
      expect(headers["referrer-policy"]).toBe("no-referrer");
    });
  });

  describe.each([web, document] as Client[])(
    "that is $id, a web address nobody here vouches for",
    (client) => {
      test.each(wrong)("with %s goes back by a click alone", async (_name, changed, error) => {
        const { statusCode, headers, body } = await get(queryFor(client, changed));
        expect(statusCode).toBe(400);
        expect(headers).not.toHaveProperty("location");
        expect(onwardOf(body)).toBeUndefined();
        expect(body).toContain("Nobody here has checked this address.");
        expect(body).toContain(`<strong><bdi>${new URL(client.redirectUris[0] ?? "").host}</bdi></strong>`);
        const [link = ""] = linksIn(body);
        expect(link.startsWith(client.redirectUris[0] ?? "none")).toBe(true);
        expect(new URL(link).searchParams.get("error")).toBe(error);
        expect(new URL(link).searchParams.get("state")).toBe("a state & more");
      });
    },
  );

  test.each(wrong)("with %s in a form gets a page, never a redirect", async (_name, changed) => {
    const { answer, calls } = await post({ query: queryFor(device, changed) });
    expect(answer.statusCode).toBe(400);
    expect(answer.headers).not.toHaveProperty("location");
    expect(onwardOf(answer.body)).toBeUndefined();
    expect(answer.body).not.toContain("Nobody here has checked this address.");
    expect(calls).toEqual([]);
  });

  test("that sent its state twice, or a very long one, gets none back", async () => {
    for (const query of [`${queryFor(device)}&state=2`, queryFor(device, { state: "s".repeat(2_049) })]) {
      const location = new URL(String((await get(query)).headers["location"]));
      expect(location.searchParams.get("error")).toBe("invalid_request");
      expect(location.searchParams.has("state")).toBe(false);
    }
  });
});

describe("the form", () => {
  test("leads to the client with the code, state and issuer, by a page", async () => {
    const { answer, calls } = await post({ query: queryFor(web), form: { password: "my secret" } });
    expect(calls).toEqual(["authorize alice my secret web"]);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).not.toHaveProperty("location");
    const onward = onwardOf(answer.body);
    expect(onward?.href.startsWith("https://web.example/callback?tenant=1&code=the-code&")).toBe(true);
    expect(Object.fromEntries(onward?.searchParams ?? [])).toEqual({
      tenant: "1",
      code: "the-code",
      state: "a state & more",
      iss: issuer,
    });
    expect(linksIn(answer.body)).toEqual([onward?.href]);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(answer.body).not.toContain("my secret");
  });

  test("leads to the scheme of an application", async () => {
    const { answer } = await post({ query: queryFor(scheme) });
    expect(onwardOf(answer.body)?.href).toMatch(/^cursor:\/\/anysphere\.cursor-mcp\/oauth\/callback\?code=/);
    expect(answer.body).toContain("<strong><bdi>cursor:</bdi></strong>");
  });

  test("carries a refusal to the client, by a page", async () => {
    const { answer, calls } = await post({ form: "decision=deny" });
    expect(calls).toEqual(["deny device"]);
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain("<h1>You refused the access</h1>");
    expect(Object.fromEntries(onwardOf(answer.body)?.searchParams ?? [])).toEqual({
      error: "access_denied",
      error_description: "The person did not allow this",
      state: "a state & more",
      iss: issuer,
    });
  });

  test.each<[code: ErrorCode, status: number, text: string]>([
    ["invalid_credentials", 422, "The user name or the password is wrong."],
    ["account_disabled", 403, "This account is disabled."],
    ["account_setup_required", 403, "This account is not set up yet."],
    ["token_too_large", 403, "This account has too many roles"],
    ["rate_limited", 429, "Too many attempts. Try again in 2 minutes."],
    ["overloaded", 503, "The server is busy."],
    ["store_unavailable", 503, "The server is busy."],
    ["provider_unavailable", 503, "The server is busy."],
  ])("comes back after %s, with the name and without the password", async (code, status, text) => {
    const refusal = new LatchkeyError(code, status >= 429 ? { retryAfter: 100 } : {});
    const { answer } = await post({ form: { username: "alice<", password: "my secret" }, refusal });
    const { statusCode, headers, body } = answer;
    expect(statusCode).toBe(status);
    expect(headers["retry-after"]).toBe(status === 429 || status === 503 ? "100" : undefined);
    for (const absent of ["location", "www-authenticate"]) expect(headers).not.toHaveProperty(absent);
    expect(body).toContain("<title>Error: Sign in to auth.example</title>");
    expect(body).toContain(`role="alert" id="failure">${text}`);
    expect(body).toMatch(
      /id="username"[^>]*value="alice&lt;"[^>]*aria-invalid="true" aria-describedby="failure"/,
    );
    expect(body).toMatch(
      /id="password"[^>]*value=""[^>]*autofocus aria-invalid="true" aria-describedby="failure"/,
    );
    expect(body).not.toContain("my secret");
  });

  test.each([
    [{ username: "", password: "p" }, "username", "Enter your user name or e-mail address."],
    [{ username: " ", password: "" }, "username", "Enter your user name or e-mail address."],
    [{ username: "alice", password: "" }, "password", "Enter your password."],
  ])("comes back at once for %j", async (form, field, text) => {
    const { answer, calls } = await post({ form });
    expect(calls).toEqual([]);
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toContain(`<p class="field-error" id="${field}-error">${text}</p>`);
    expect(answer.body).toMatch(new RegExp(`id="${field}"[^>]*autofocus aria-invalid="true"`));
    expect(answer.body.match(/aria-invalid="/g)).toHaveLength(1);
  });

  test("drops a name that is longer than any", async () => {
    const refusal = new LatchkeyError("invalid_credentials");
    const { answer } = await post({ form: { username: "a".repeat(257) }, refusal });
    expect(answer.body).toMatch(/id="username"[^>]*value=""/);
  });

  test.each<[ErrorCode, number]>([
    ["unknown_client", 400],
    ["internal_error", 500],
  ])("becomes a page without a form after %s", async (code, status) => {
    const { answer } = await post({ refusal: new LatchkeyError(code) });
    expect(answer.statusCode).toBe(status);
    expect(answer.body).not.toContain("<form");
  });

  test.each<[name: string, posted: Posted]>([
    ["of another type", { headers: { ...ownOrigin, "content-type": "application/json" }, form: "{}" }],
    ["of several parts", { headers: { ...ownOrigin, "content-type": "multipart/form-data; boundary=x" } }],
    ["without a decision", { form: "username=alice&password=right" }],
    ["with another decision", { form: { decision: "later" } }],
    ["with two names", { form: "decision=allow&username=alice&username=bob&password=right" }],
    ["with a byte that is not UTF-8", { form: "decision=allow&username=alice&password=\xff" }],
  ])("%s gets a page with 400", async (_name, posted) => {
    const { answer, calls } = await post(posted);
    expect(calls).toEqual([]);
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain("The application sent a wrong request");
    expect(answer.body).not.toContain("alice");
  });

  test.each<[name: string, status: number, headers: Readonly<Record<string, string>>]>([
    ["of this server", 200, { origin: issuer }],
    ["of this server, which also names its site", 200, { origin: issuer, "sec-fetch-site": "same-origin" }],
    ["of a page that hides its origin", 200, { origin: "null", "sec-fetch-site": "same-origin" }],
    ["of a browser that sends no Origin", 200, { "sec-fetch-site": "same-origin" }],
    ["of another site", 403, { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    ["of a neighbour of this server", 403, { origin: "https://www.example", "sec-fetch-site": "same-site" }],
    [
      "of a foreign name that leads here",
      403,
      { origin: "https://evil.example", "sec-fetch-site": "same-origin" },
    ],
    ["of this server without TLS", 403, { origin: "http://auth.example" }],
    ["of another port", 403, { origin: "https://auth.example:8443" }],
    ["of a page that hides its origin elsewhere", 403, { origin: "null", "sec-fetch-site": "cross-site" }],
    ["of a frame that hides its origin", 403, { origin: "null" }],
    ["of a typed address", 403, { "sec-fetch-site": "none" }],
    ["of an unknown sender", 403, {}],
    ["with two origins", 403, { origin: `${issuer}, https://evil.example` }],
  ])("%s gets %i", async (_name, status, headers) => {
    const { answer, calls } = await post({ headers });
    expect(answer.statusCode).toBe(status);
    expect(calls).toHaveLength(status === 200 ? 1 : 0);
    if (status !== 200) {
      expect(answer.body).toContain("This form came from another site");
      expect(linksIn(answer.body)).toEqual([""]);
    }
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

test("a response brings state and issuer unchanged, behind the redirect URI as it was sent", () => {
  const redirectUri = fc.constantFrom(
    ...Object.values(clients).flatMap(({ redirectUris }) => [...redirectUris]),
    "https://a.example/cb?",
    "com.example.app:/callback?x=%20",
  );
  fc.assert(
    fc.property(redirectUri, fc.string({ unit: "grapheme" }), fc.webUrl(), (uri, state, iss) => {
      const address = authorizationResponse(iss, { redirectUri: uri, state }, { code: "c" });
      expect(address.startsWith(uri)).toBe(true);
      const sent = new URL(address).searchParams;
      expect([sent.get("code"), sent.get("state"), sent.get("iss")]).toEqual([
        "c",
        state.toWellFormed(),
        iss,
      ]);
    }),
  );
});

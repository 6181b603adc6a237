import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ErrorCode, LatchkeyError } from "../../src/core/errors.ts";
import { authorizationResponse } from "../../src/http/oauth/authorization-response.ts";
import { linksIn, onwardOf, ownOrigin, type Posted, post } from "./authorize-calls.ts";
import { clients, issuer, queryFor } from "./authorize-world.ts";

const { web, scheme } = clients;

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
      expect(linksIn(answer.body)).toEqual([`${issuer}/oauth/authorize?${queryFor(clients.device)}`]);
    }
  });
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

import { describe, expect, test } from "vitest";
import { type ErrorCode, LatchkeyError } from "../../src/core/errors.ts";
import type { Client } from "../../src/core/oauth/client.ts";
import { type Changed, get, linksIn, onwardOf, post } from "./authorize-calls.ts";
import { authorizeWorld, clients, issuer, queryFor } from "./authorize-world.ts";

const { device, web, scheme, document, operator } = clients;

describe("a request whose client or redirect URI is not known", () => {
  const canary = "canary-of-the-sender";
  test.each<[name: string, query: string, text: string]>([
    ["an unknown client", queryFor(device, { client_id: canary }), "This application is not known here"],
    ["two clients", `${queryFor(device)}&client_id=${canary}`, "This application is not known here"],
    ["no redirect URI", queryFor(device, { redirect_uri: undefined }), "The return address does not belong"],
    [
      "two redirect URIs",
      `${queryFor(device)}&redirect_uri=https://${canary}`,
      "The return address does not",
    ],
    [
      "a redirect URI of its own",
      queryFor(device, { redirect_uri: `https://${canary}/cb` }),
      "The return address does not",
    ],
    ["a script", queryFor(device, { redirect_uri: `javascript:${canary}` }), "The return address does not"],
  ])("with %s gets a page, and no redirect", async (_name, query, text) => {
    for (const { statusCode, headers, body } of [await get(query), (await post({ query })).answer]) {
      expect(statusCode).toBe(400);
      expect(headers).not.toHaveProperty("location");
      expect(headers["content-type"]).toBe("text/html; charset=utf-8");
      expect(body).toContain("<title>Error: ");
      expect(body).toContain(text);
      expect(body).toContain("add it again");
      expect(body).toMatch(/Request [\w-]+ \((unknown_client|invalid_redirect_uri)\)/);
      expect(body).not.toContain(canary);
      expect(onwardOf(body)).toBeUndefined();
      expect(linksIn(body)).toEqual([]);
    }
  });

  test.each([
    ["no client", queryFor(device, { client_id: undefined })],
    ["an empty client", queryFor(device, { client_id: "" })],
    ["nothing", ""],
  ])("with %s gets the page for a wrong request, and no redirect", async (_name, query) => {
    for (const { statusCode, headers, body } of [await get(query), (await post({ query })).answer]) {
      expect(statusCode).toBe(400);
      expect(headers).not.toHaveProperty("location");
      expect(body).toContain("<h1>The application sent a wrong request</h1>");
      expect(body).toMatch(/Request [\w-]+ \(invalid_request\)/);
      expect(body).not.toContain("add it again");
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

/** Wrong requests of a known client: the fault, and the error for the client. */
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

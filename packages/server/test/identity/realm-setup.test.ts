import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Realm } from "../../src/identity/keycloak/realm.ts";
import { RealmMisconfigured } from "../../src/identity/keycloak/realm-errors.ts";
import { type Answer, FakeRealm, json, paths } from "./fake-realm.ts";

let fake: FakeRealm;
beforeEach(async () => {
  fake = await FakeRealm.start();
});
afterEach(() => fake[Symbol.asyncDispose]());

let logged: { problem?: unknown }[];
function newRealm(timeout = 10_000, redirectUri?: string): Realm {
  logged = [];
  const settings = {
    url: fake.url,
    realm: "fake",
    clientId: "latchkey",
    clientSecret: "hunter2",
    timeout,
    redirectUri,
  };
  const log = { warn: () => {}, error: (fields: object) => void logged.push(fields) };
  return new Realm(settings, log);
}

const refusal = (error: string, error_description: string) => json({ error, error_description }, 401);
const client = "the client latchkey of the realm fake";
const callback = "https://login.example/oauth/callback";

describe("a message names the setting, the cause and the remedy, if", () => {
  test.each<[string, string, Answer, string]>([
    [
      "the realm is missing",
      paths.discovery,
      json({ error: "Realm does not exist" }, 404),
      "LATCHKEY_KEYCLOAK_REALM=fake: Keycloak at {url} has no realm of this name: names are case-sensitive",
    ],
    [
      "the realm has another issuer",
      paths.discovery,
      json({
        issuer: "https://login.example/realms/fake",
        token_endpoint: "https://login.example/token",
        jwks_uri: "https://login.example/keys",
      }),
      "LATCHKEY_KEYCLOAK_URL={url}: the realm's issuer is https://login.example/realms/fake: " +
        "set the part of it before /realms, or change Keycloak's hostname",
    ],
    [
      "direct access grants are off",
      paths.token,
      refusal("unauthorized_client", "Client not allowed for direct access grants"),
      `LATCHKEY_KEYCLOAK_CLIENT_ID: ${client} has direct access grants turned off: turn them on in Keycloak`,
    ],
    [
      "the client is unknown or has another secret",
      paths.token,
      refusal("unauthorized_client", "Invalid client or Invalid client credentials"),
      `LATCHKEY_KEYCLOAK_CLIENT_SECRET: ${client} is unknown, disabled, or has another secret: ` +
        "copy id and secret from the client's page in Keycloak",
    ],
    [
      "the client is rejected for another reason",
      paths.token,
      refusal("invalid_scope", "hunter2"),
      `LATCHKEY_KEYCLOAK_CLIENT_ID: ${client} was rejected (invalid_scope): check its settings in Keycloak`,
    ],
  ])("%s", async (_when, path, answer, message) => {
    fake.answers.set(path, answer);
    const error: unknown = await newRealm()
      .open()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RealmMisconfigured);
    expect(error).toHaveProperty("message", message.replace("{url}", fake.url));
  });

  test.each<[string, Answer, string]>([
    [
      "the standard flow is off, with OAuth on",
      (_request, response) =>
        void response.writeHead(302, { location: `${callback}?error=unauthorized_client&state=check` }).end(),
      `LATCHKEY_OAUTH=on: ${client} has the standard flow turned off: turn it on in Keycloak`,
    ],
    [
      "the redirect URI is missing, with OAuth on",
      (_request, response) => void response.writeHead(400, { "content-type": "text/html" }).end("Invalid"),
      `LATCHKEY_OAUTH=on: ${client} does not have the redirect URI ${callback}: add it to its Valid redirect URIs in Keycloak`,
    ],
  ])("%s", async (_when, answer, message) => {
    fake.answers.set(paths.auth, answer);
    expect(await newRealm().open()).toBe(true);
    await expect(newRealm(10_000, callback).open()).rejects.toThrow(new RealmMisconfigured(message));
  });

  test("the client issues no refresh tokens", async () => {
    fake.atSignIn(json({ access_token: "a.b.c", token_type: "Bearer" }));
    const login = newRealm().signIn("alice", "hunter2");
    await expect(login).rejects.toMatchObject({ code: "provider_unavailable" });
    const problem =
      `LATCHKEY_KEYCLOAK_CLIENT_ID: ${client} issues no refresh tokens: ` +
      "turn on its setting Use refresh tokens in Keycloak";
    expect(logged).toMatchObject([{ problem }]);
  });
});

describe("a log line names the problem of an unavailable realm:", () => {
  test.each<[string, Answer, number?]>([
    ["the realm answered 503", json({}, 503)],
    ["the discovery document is not valid", json({})],
    ["the request to the realm failed: Error", json(" ".repeat(300_000))],
    ["no response within the timeout", () => {}, 50],
    ["the request to the realm failed: UND_ERR_SOCKET", ({ socket }) => void socket.destroy()],
  ])("%s", async (problem, answer, timeout) => {
    fake.answers.set(paths.discovery, answer);
    expect(await newRealm(timeout).open()).toBe(false);
    expect(logged).toMatchObject([{ problem }]);
  });
});

test("a redirect of the token endpoint is not followed", async () => {
  fake.answers.set(
    paths.token,
    (_request, response) => void response.writeHead(302, { location: paths.keys }).end(),
  );
  expect(await newRealm().open()).toBe(false);
  const problem = expect.stringMatching(/^the request to the realm failed: \w+ 302$/);
  expect(logged).toMatchObject([{ problem }]);
  expect(fake.asked).not.toContain(paths.keys);
});

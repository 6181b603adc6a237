import { passwords } from "@latchkey/testkit/keycloak/acceptance-realm";
import { describe, expect, test } from "vitest";
import { send, signIn } from "../api/api-case.ts";
import { unthrottled } from "../api/login-contract.ts";
import { sharedServer } from "../api/provider-world.ts";
import { ownRealm, realmWorld } from "./own-realm.ts";

/** Input that makes Keycloak fail would open the circuit breaker, and so lock out all users. */
const server = sharedServer(realmWorld(ownRealm()), unthrottled);

const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");
const claims = {
  sid: "s",
  sub: "u",
  typ: "Refresh",
  exp: 9_999_999_999,
  iat: 1,
  iss: "x",
  aud: "x",
  azp: "latchkey",
};
const token = (header: unknown, payload: unknown = claims, signature = "c2ln") =>
  `${typeof header === "string" ? header : encode(header)}.${encode(payload)}.${signature}`;

describe("a forged refresh token is refused", () => {
  test.each([
    ["no algorithm", token({ alg: "none", typ: "JWT" })],
    ["an unknown algorithm", token({ alg: "XY999", typ: "JWT" })],
    ["no kid", token({ alg: "HS512", typ: "JWT" })],
    ["an unknown kid", token({ alg: "HS512", typ: "JWT", kid: "no-such-key" })],
    ["an RSA signature", token({ alg: "RS256", typ: "JWT", kid: "no-such-key" })],
    ["a header that is not JSON", token("abc")],
    ["a header that is a list", token([])],
    ["an empty header", token({})],
    ["an encrypted one", token({ alg: "RSA-OAEP", enc: "A256GCM" })],
    ["times as text", token({ alg: "HS512" }, { ...claims, exp: "soon", iat: {} })],
    ["a session id beyond the limit", token({ alg: "HS512" }, { ...claims, sid: "s".repeat(5_000) })],
    ["a session id just below the limit", token({ alg: "HS512" }, { ...claims, sid: "s".repeat(2_600) })],
    ["an offline one", token({ alg: "HS512" }, { ...claims, typ: "Offline" })],
    ["a strange audience", token({ alg: "HS512" }, { ...claims, aud: [[null]], iss: 5 })],
  ])("%s", async (_name, refresh_token) => {
    const { status, body } = await send(server(), "/auth", {
      method: "POST",
      path: "/refresh",
      body: { refresh_token },
    });
    expect([status, body["code"]]).toEqual([401, "invalid_token"]);
  });
});

describe("an unknown name is refused", () => {
  test.each([
    ["an emoji", "🦊"],
    ["half of an emoji", "\ud83e"],
    ["quotes", `'"; drop table user_entity; --`],
    ["wildcards", "%_*"],
    ["markup", "<b>&amp;</b>"],
    ["a tab", "al\tice"],
    ["256 letters", "x".repeat(256)],
    ["combining marks", `a${"\u0301".repeat(200)}`],
    ["a long address", `${"a".repeat(120)}@${"b".repeat(120)}.example`],
    ["right to left", "\u202ealice"],
  ])("%s", async (_name, username) => {
    const login = { method: "POST", path: "/login", body: { username, password: "x" } } as const;
    const { status, body } = await send(server(), "/auth", login);
    expect([status, body["code"]]).toEqual([401, "invalid_credentials"]);
  });

  test.each([
    ["an emoji", "🦊"],
    ["half of an emoji", "\udd8a"],
    ["a NUL", "a\u0000b"],
    ["a long one", "x".repeat(1_024)],
    ["a form", "a&client_id=other&grant_type=client_credentials"],
  ])("a password with %s is refused", async (_name, password) => {
    const login = { method: "POST", path: "/login", body: { username: "alice", password } } as const;
    const { status, body } = await send(server(), "/auth", login);
    expect([status, body["code"]]).toEqual([401, "invalid_credentials"]);
  });
});

test("users can sign in after all hostile requests", async () => {
  await signIn(server(), "bob", passwords.bob);
});

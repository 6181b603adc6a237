import { passwords } from "@latchkey/testkit/server/test-server";
import { describe, expect, test } from "vitest";
import { claimsOf, mounts, send } from "./api-case.ts";
import { loginContract } from "./login-contract.ts";
import { localWorld, sharedServer } from "./provider-world.ts";

loginContract(localWorld);

const serverOf = sharedServer(localWorld);
const login = {
  method: "POST",
  path: "/login",
  body: { username: "alice", password: passwords.alice },
} as const;

describe.each(mounts)("%s/login", (mount) => {
  test("the access token follows the profile of RFC 9068", async () => {
    const server = serverOf();
    const answer = await send(server, mount, login);
    const token = String(answer.body["access_token"]);
    const header: unknown = JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString());
    expect(header).toEqual({ alg: "ES256", typ: "at+jwt", kid: expect.any(String) });
    expect(claimsOf(token)).toEqual({
      iss: server.url,
      sub: "user:alice",
      aud: server.url,
      client_id: "latchkey",
      iat: Math.floor(server.now() / 1000),
      exp: Math.floor(server.now() / 1000) + 3600,
      jti: expect.any(String),
      sid: expect.any(String),
      preferred_username: "alice",
      email: "alice@example.com",
      name: "alice",
      roles: ["user", "premium"],
      scope: "openid profile email",
    });
  });
});

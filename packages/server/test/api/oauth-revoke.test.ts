import { describe, expect, test } from "vitest";
import { check, claimsOf, type Expected, send, signIn } from "./api-case.ts";
import { refused } from "./oauth-token-contract.ts";
import { addClient, basic, clientTokens, form, register } from "./oauth-world.ts";
import { localWorld, sharedServer } from "./provider-world.ts";

const revoked = (events: readonly string[] = []): Expected => ({
  status: 200,
  exactly: {},
  headers: { "access-control-allow-origin": "*" },
  absentHeaders: ["www-authenticate"],
  events,
});

describe("/oauth/revoke", () => {
  const server = sharedServer(localWorld);
  const revoke = (token: string | undefined, clientId: string | undefined, headers = {}) =>
    form("/oauth/revoke", { token, client_id: clientId, token_type_hint: "access_token" }, headers);

  test.each(["access", "refresh"] as const)("ends the session of the client's %s token", async (kind) => {
    const { id } = await register(server());
    const tokens = await clientTokens(server(), id);
    await check(server(), "", revoke(tokens[kind], id), revoked(["session.ended"]));
    const { body } = await send(server(), "", form("/oauth/introspect", { token: tokens.access }));
    expect(body).toEqual({ active: false });
    const grant = { grant_type: "refresh_token", refresh_token: tokens.refresh, client_id: id };
    await check(server(), "", form("/oauth/token", grant), refused(400, "invalid_grant"));
    await check(server(), "", revoke(tokens[kind], id), revoked());
  });

  test("leaves every other token as it is, and says nothing about it", async () => {
    const { id } = await register(server());
    const { id: otherId } = await register(server(), {
      client_name: "Other",
      token_endpoint_auth_method: "none",
    });
    const other = await clientTokens(server(), otherId);
    const own = await signIn(server());
    const tokens = [other.access, other.refresh, own.access, own.refresh, "unknown", "lkr_unknown", "a.b.c"];
    for (const token of tokens) await check(server(), "", revoke(token, id), revoked());
    for (const token of [other.access, own.access]) {
      const { body } = await send(server(), "", form("/oauth/introspect", { token }));
      expect(body).toMatchObject({ active: true });
    }
  });

  test("refuses a machine's own token, which goes on, and tells no other client of it", async () => {
    const { id, secret } = await addClient(server());
    const asked = form("/oauth/token", { grant_type: "client_credentials" }, basic(id, secret));
    const token = String((await send(server(), "", asked)).body["access_token"]);
    await check(
      server(),
      "",
      revoke(token, undefined, basic(id, secret)),
      refused(400, "unsupported_token_type"),
    );
    const { id: other } = await register(server());
    await check(server(), "", revoke(token, other), revoked());
    const { body } = await send(server(), "", form("/oauth/introspect", { token }));
    expect(body).toMatchObject({ active: true, sub: id });
  });

  test("refuses requests without a token or without their client", async () => {
    const { id } = await register(server());
    const { id: own, secret } = await addClient(server());
    await check(server(), "", revoke(undefined, id), refused(400, "invalid_request"));
    await check(server(), "", revoke("x", undefined), refused(400, "invalid_request"));
    await check(server(), "", revoke("x", "unknown"), refused(401, "invalid_client"));
    await check(server(), "", revoke("x", own), refused(401, "invalid_client"));
    await check(server(), "", revoke("x", undefined, basic(own, secret)), revoked());
    const challenged = { headers: { "www-authenticate": /^Basic / }, absentHeaders: ["set-cookie"] };
    await check(
      server(),
      "",
      revoke("x", undefined, basic(own, "x")),
      refused(401, "invalid_client", challenged),
    );
  });
});

const key = "k".repeat(40);

describe("/oauth/introspect", () => {
  const local = sharedServer(localWorld);
  const server = sharedServer(localWorld, { GUARD_KEYS: key, ISSUER: "https://login.example" });
  const introspect = (token: string | undefined, headers = {}) =>
    form("/oauth/introspect", { token }, headers);
  const inactive: Expected = { status: 200, exactly: { active: false } };

  test("shows the claims of a client's token", async () => {
    const { id } = await register(local());
    const { access } = await clientTokens(local(), id);
    const { iat, exp, jti, sid } = claimsOf(access);
    await check(local(), "", introspect(access), {
      status: 200,
      exactly: {
        ...{
          active: true,
          token_type: "Bearer",
          iss: local().url,
          aud: `${local().url}/mcp`,
          sub: "user:alice",
        },
        ...{ client_id: id, scope: "profile email", username: "alice", roles: ["user", "premium"] },
        ...{ iat, exp, jti, sid },
      },
      headers: { "access-control-allow-origin": "*" },
    });
  });

  test("shows the claims of a machine's token, which has no user", async () => {
    const { id, secret } = await addClient(local());
    const machine = form("/oauth/token", { grant_type: "client_credentials" }, basic(id, secret));
    const { body } = await send(local(), "", machine);
    const shown = { status: 200, body: { active: true, sub: id, client_id: id, roles: ["reader"] } };
    await check(local(), "", introspect(String(body["access_token"])), shown);
  });

  test("counts every other token as inactive", async () => {
    const { id } = await register(local());
    const { refresh } = await clientTokens(local(), id);
    for (const token of [refresh, "unknown", "a.b.c", "lka_code"])
      await check(local(), "", introspect(token), inactive);
    const own = await signIn(local());
    const claims = { status: 200, body: { active: true, client_id: "latchkey" } };
    await check(local(), "", introspect(own.access), claims);
    await send(local(), "/auth", {
      method: "POST",
      path: "/logout",
      headers: { authorization: `Bearer ${own.access}` },
    });
    await check(local(), "", introspect(own.access), inactive);
    await check(local(), "", introspect(undefined), refused(400, "invalid_request"));
  });

  test.each<[string, Readonly<Record<string, string>>, Expected]>([
    ["a key as a bearer", { authorization: `Bearer ${key}` }, inactive],
    ["a key as the password of Basic", basic("any name", key), inactive],
    ["a key as the password of Basic without a name", basic("", key), inactive],
    [
      "no key",
      {},
      refused(401, "invalid_client", {
        code: "invalid_guard_key",
        headers: { "www-authenticate": "Bearer" },
        absentHeaders: [],
      }),
    ],
    [
      "a wrong key",
      { authorization: `Bearer ${key}x` },
      refused(401, "invalid_client", {
        code: "invalid_guard_key",
        headers: { "www-authenticate": "Bearer" },
        absentHeaders: [],
      }),
    ],
    [
      "a wrong password",
      basic("any", `${key}x`),
      refused(401, "invalid_client", {
        code: "invalid_guard_key",
        headers: { "www-authenticate": /^Basic / },
        absentHeaders: [],
      }),
    ],
    [
      "a key as the name of Basic",
      basic(key, ""),
      refused(401, "invalid_client", {
        code: "invalid_guard_key",
        headers: { "www-authenticate": /^Basic / },
        absentHeaders: [],
      }),
    ],
  ])("of a public server takes %s", async (_name, headers, expected) => {
    await check(server(), "", introspect("unknown", headers), expected);
  });

  test("takes no request of a web page without a key, also on this machine", async () => {
    const page = { origin: local().url };
    const expected = refused(401, "invalid_client", {
      code: "invalid_guard_key",
      headers: { "www-authenticate": "Bearer" },
      absentHeaders: [],
    });
    await check(local(), "", introspect("unknown", page), expected);
  });
});

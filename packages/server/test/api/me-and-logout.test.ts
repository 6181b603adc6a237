import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ApiRequest, bearer, check, type Expected, mounts, send, signIn } from "./api-case.ts";
import { type TestServer, testServer } from "./test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const me = (headers: Record<string, string> = {}): ApiRequest => ({ method: "GET", path: "/me", headers });
const logout = (headers: Record<string, string> = {}): ApiRequest => ({
  method: "POST",
  path: "/logout",
  headers,
});
const missing: Expected = {
  status: 401,
  code: "missing_token",
  headers: { "www-authenticate": "Bearer" },
  absent: ["id", "username"],
};
const refused = (code: string): Expected => ({
  status: 401,
  code,
  headers: { "www-authenticate": /^Bearer error="invalid_token", error_description="[^"]+"$/ },
  absent: ["id", "username"],
});
const alice = {
  id: "user:alice",
  username: "alice",
  email: "alice@example.com",
  display_name: null,
  active_status: true,
  roles: ["user", "premium"],
};

const noTokens: readonly (readonly [string, Record<string, string>, Expected])[] = [
  ["no header", {}, missing],
  ["an empty bearer", { authorization: "Bearer " }, missing],
  ["a bare scheme", { authorization: "Bearer" }, missing],
  ["another scheme", { authorization: "Basic YWxpY2U6eA==" }, missing],
  ["no JWT", bearer("not-a-token"), refused("invalid_token")],
  ["three dots", bearer("..."), refused("invalid_token")],
  ["much of nothing", bearer("a".repeat(12_000)), refused("invalid_token")],
];

describe.each(mounts)("%s/me", (mount) => {
  test("tells who is signed in", async () => {
    const { access } = await signIn(server);
    await check(server, mount, me(bearer(access)), { status: 200, exactly: alice });
  });

  test("takes the scheme in any case and any number of spaces", async () => {
    const { access } = await signIn(server);
    await check(server, mount, me({ authorization: `bEARER   ${access}` }), { status: 200, exactly: alice });
  });

  test.each(noTokens)("refuses %s", async (_name, headers, expected) => {
    await check(server, mount, me(headers), expected);
  });

  test("refuses a refresh token", async () => {
    const { refresh } = await signIn(server);
    await check(server, mount, me(bearer(refresh)), refused("invalid_token"));
  });

  test("refuses an expired token, even one seen before", async () => {
    const { access } = await signIn(server);
    await check(server, mount, me(bearer(access)), { status: 200 });
    server.advance(3_600_000);
    await check(server, mount, me(bearer(access)), refused("token_expired"));
  });

  test("refuses a token of a disabled or removed user", async () => {
    const { people, chores } = server.server;
    const person = {
      username: `carol${mount.length}`,
      email: `c${mount.length}@example.com`,
      displayName: "C",
      roles: [],
    };
    await people.add(person, "a password of hers");
    const first = await signIn(server, person.username, "a password of hers");
    await people.setActive(person.username, false);
    await chores.follow();
    await check(server, mount, me(bearer(first.access)), refused("token_revoked"));
    await people.setActive(person.username, true);
    await check(server, mount, me(bearer(first.access)), refused("token_revoked"));
    const second = await signIn(server, person.username, "a password of hers");
    await check(server, mount, me(bearer(second.access)), {
      status: 200,
      body: { display_name: "C", roles: [] },
    });
    await people.remove(person.username);
    await chores.follow();
    await check(server, mount, me(bearer(second.access)), refused("token_revoked"));
  });

  test("refuses a token of a user who was made inactive behind its back, and takes it again at once after", async () => {
    const { access } = await signIn(server, "bob");
    const other = new DatabaseSync(server.database);
    other.exec("update users set active = 0 where id = 'user:bob'");
    server.advance(501);
    await check(server, mount, me(bearer(access)), refused("token_revoked"));
    other.exec("update users set active = 1 where id = 'user:bob'");
    other.close();
    await check(server, mount, me(bearer(access)), { status: 200 });
  });

  test("answers HEAD like GET, without a body", async () => {
    const { access } = await signIn(server);
    const answer = await check(
      server,
      mount,
      { method: "HEAD", path: "/me", headers: bearer(access) },
      { status: 200 },
    );
    expect(answer.text).toBe("");
  });

  test("POST is not allowed", async () => {
    await check(
      server,
      mount,
      { method: "POST", path: "/me" },
      {
        status: 405,
        code: "method_not_allowed",
        headers: { allow: "GET, HEAD" },
      },
    );
  });
});

describe.each(mounts)("%s/logout", (mount) => {
  const loggedOut: Expected = {
    status: 200,
    exactly: { message: "Successfully logged out" },
    events: ["session.ended"],
  };

  test("ends the session: its access token and its refresh token are refused from the next request on", async () => {
    const { access, refresh } = await signIn(server);
    await check(server, mount, me(bearer(access)), { status: 200 });
    await check(server, mount, logout(bearer(access)), loggedOut);
    await check(server, mount, me(bearer(access)), refused("token_revoked"));
    await check(server, mount, logout(bearer(access)), refused("token_revoked"));
    for (const body of [{ refresh_token: refresh }, { current_token: access }]) {
      await check(server, mount, { method: "POST", path: "/refresh", body }, refused("token_revoked"));
    }
  });

  test("ends this session and no other", async () => {
    const first = await signIn(server);
    const second = await signIn(server);
    await check(server, mount, logout(bearer(first.access)), loggedOut);
    await check(server, mount, me(bearer(second.access)), { status: 200 });
  });

  test("ends every access token of the session", async () => {
    const { access, refresh } = await signIn(server);
    const body = { refresh_token: refresh };
    const refreshed = await send(server, mount, { method: "POST", path: "/refresh", body });
    await check(server, mount, logout(bearer(access)), loggedOut);
    await check(server, mount, me(bearer(String(refreshed.body["access_token"]))), refused("token_revoked"));
  });

  test("holds for as long as its last token would have been valid, through tidying and a restart", async () => {
    await using place = await testServer({ ISSUER: "http://latchkey.test" });
    const { access } = await signIn(place);
    await check(place, mount, logout(bearer(access)), loggedOut);
    place.advance(59 * 60_000);
    await place.server.chores.tidy();
    await place.server.chores.follow();
    await check(place, mount, me(bearer(access)), refused("token_revoked"));
    await using second = await testServer({ DATABASE: place.database, ISSUER: "http://latchkey.test" });
    await check(second, mount, me(bearer(access)), refused("token_revoked"));
  });

  test("holds for tokens that a server with longer lifetimes issued", async () => {
    const issuer = { ISSUER: "http://latchkey.test" };
    await using long = await testServer(issuer);
    const { access, refresh } = await signIn(long);
    const settings = { ...issuer, DATABASE: long.database, ACCESS_TOKEN_TTL: "1s", REFRESH_GRACE: "1s" };
    await using short = await testServer(settings);
    await send(short, mount, { method: "POST", path: "/refresh", body: { refresh_token: refresh } });
    await check(long, mount, logout(bearer(access)), loggedOut);
    long.advance(120_000);
    await long.server.chores.tidy();
    await check(long, mount, me(bearer(access)), refused("token_revoked"));
  });

  test("two that race both succeed", async () => {
    const { access } = await signIn(server);
    const answers = await Promise.all([1, 2].map(() => send(server, mount, logout(bearer(access)))));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });

  test.each([
    ["an empty JSON body", "", { "content-type": "application/json" }],
    ["a body that is no JSON", "{", { "content-type": "application/json" }],
    ["a form", "a=b", { "content-type": "application/x-www-form-urlencoded" }],
    ["what is no media type", "a=b", { "content-type": "json" }],
  ])("ignores %s", async (_name, body, headers) => {
    const { access } = await signIn(server);
    const request: ApiRequest = {
      method: "POST",
      path: "/logout",
      body,
      headers: { ...headers, ...bearer(access) },
    };
    await check(server, mount, request, loggedOut);
  });

  test.each(noTokens)("refuses %s", async (_name, headers, expected) => {
    await check(server, mount, logout(headers), expected);
  });

  test("refuses a body over 16 KiB, and GET, and the session goes on", async () => {
    const { access } = await signIn(server);
    const large: ApiRequest = { ...logout(bearer(access)), body: "x".repeat(17_000) };
    await check(server, mount, large, { status: 413, code: "body_too_large" });
    const got: ApiRequest = { ...logout(bearer(access)), method: "GET" };
    await check(server, mount, got, { status: 405, code: "method_not_allowed", headers: { allow: "POST" } });
    await check(server, mount, me(bearer(access)), { status: 200 });
  });
});

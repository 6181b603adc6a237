import { describe, expect, test } from "vitest";
import { type ApiRequest, bearer, check, type Expected, mounts, send, signIn } from "./api-case.ts";
import { type ProviderWorld, sharedServer } from "./provider-world.ts";
import { raw } from "./raw-request.ts";

export const me = (headers: Record<string, string> = {}): ApiRequest => ({
  method: "GET",
  path: "/me",
  headers,
});
export const logout = (headers: Record<string, string> = {}): ApiRequest => ({
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
export const refusedToken = (code: string): Expected => ({
  status: 401,
  code,
  headers: { "www-authenticate": /^Bearer error="invalid_token", error_description="[^"]+"$/ },
  absent: ["id", "username"],
});
const noTokens: readonly (readonly [string, Record<string, string>, Expected])[] = [
  ["no header", {}, missing],
  ["an empty bearer", { authorization: "Bearer " }, missing],
  ["a bare scheme", { authorization: "Bearer" }, missing],
  ["another scheme", { authorization: "Basic YWxpY2U6eA==" }, missing],
  ["no JWT", bearer("not-a-token"), refusedToken("invalid_token")],
  ["three dots", bearer("..."), refusedToken("invalid_token")],
  ["12,000 letters", bearer("a".repeat(12_000)), refusedToken("invalid_token")],
];

export const loggedOut: Expected = {
  status: 200,
  exactly: { message: "Successfully logged out" },
  events: ["session.ended"],
};

/** The contract of `me` and logout, for every identity provider. */
export function meAndLogoutContract(world: ProviderWorld): void {
  const server = sharedServer(world);
  const { id, roles, display_name } = world.alice;
  const alice = {
    id,
    username: "alice",
    email: "alice@example.com",
    display_name,
    active_status: true,
    roles,
  };

  describe.each(mounts)("%s/me", (mount) => {
    test("returns the signed-in user", async () => {
      const { access } = await signIn(server());
      await check(server(), mount, me(bearer(access)), { status: 200, exactly: alice });
    });

    test("accepts the scheme in any case, with any number of spaces", async () => {
      const { access } = await signIn(server());
      await check(server(), mount, me({ authorization: `bEARER   ${access}` }), {
        status: 200,
        exactly: alice,
      });
    });

    test.each(noTokens)("refuses %s", async (_name, headers, expected) => {
      await check(server(), mount, me(headers), expected);
    });

    test("refuses a refresh token", async () => {
      const { refresh } = await signIn(server());
      await check(server(), mount, me(bearer(refresh)), refusedToken("invalid_token"));
    });

    test("refuses an expired token, even one seen before", async () => {
      await using place = await world.open();
      const { access } = await signIn(place);
      await check(place, mount, me(bearer(access)), { status: 200 });
      place.advance(3_606_000);
      await check(place, mount, me(bearer(access)), refusedToken("token_expired"));
    });

    test("answers HEAD like GET, without a body", async () => {
      const { access } = await signIn(server());
      const answer = await check(
        server(),
        mount,
        { method: "HEAD", path: "/me", headers: bearer(access) },
        { status: 200 },
      );
      expect(answer.text).toBe("");
    });

    test("refuses POST", async () => {
      await check(
        server(),
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
    test("ends the session at once, for its access token and its refresh token", async () => {
      const { access, refresh } = await signIn(server());
      await check(server(), mount, me(bearer(access)), { status: 200 });
      await check(server(), mount, logout(bearer(access)), loggedOut);
      await check(server(), mount, me(bearer(access)), refusedToken("token_revoked"));
      await check(server(), mount, logout(bearer(access)), refusedToken("token_revoked"));
      const body = { refresh_token: refresh };
      await check(server(), mount, { method: "POST", path: "/refresh", body }, refusedToken("token_revoked"));
    });

    test("ends this session and no other", async () => {
      const first = await signIn(server());
      const second = await signIn(server());
      await check(server(), mount, logout(bearer(first.access)), loggedOut);
      await check(server(), mount, me(bearer(second.access)), { status: 200 });
    });

    test("ends every access token of the session", async () => {
      const { access, refresh } = await signIn(server());
      const body = { refresh_token: refresh };
      const refreshed = await send(server(), mount, { method: "POST", path: "/refresh", body });
      await check(server(), mount, logout(bearer(access)), loggedOut);
      await check(
        server(),
        mount,
        me(bearer(String(refreshed.body["access_token"]))),
        refusedToken("token_revoked"),
      );
    });

    test("holds while a token is valid, through a purge and a restart", async () => {
      await using place = await world.open({ ISSUER: "http://latchkey.test" });
      const { access } = await signIn(place);
      await check(place, mount, logout(bearer(access)), loggedOut);
      place.advance(59 * 60_000);
      await place.server.backgroundJobs.purge();
      await place.server.backgroundJobs.poll();
      await check(place, mount, me(bearer(access)), refusedToken("token_revoked"));
      await using second = await world.open({ DATABASE: place.database, ISSUER: "http://latchkey.test" });
      await check(second, mount, me(bearer(access)), refusedToken("token_revoked"));
    });

    test("succeeds for two simultaneous requests", async () => {
      const { access } = await signIn(server());
      const { url } = server();
      const request = (connection: string) =>
        `POST ${mount}/logout HTTP/1.1\r\nHost: ${new URL(url).host}\r\nContent-Length: 0\r\n` +
        `Authorization: Bearer ${access}\r\nConnection: ${connection}\r\n\r\n`;
      // Pipelined in one packet: both are checked before the first one has ended the session.
      const answers = await raw(url, request("keep-alive") + request("close"));
      expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 200"]);
    });

    test.each([
      ["an empty JSON body", "", { "content-type": "application/json" }],
      ["malformed JSON", "{", { "content-type": "application/json" }],
      ["a form", "a=b", { "content-type": "application/x-www-form-urlencoded" }],
      ["an invalid media type", "a=b", { "content-type": "json" }],
    ])("ignores %s", async (_name, body, headers) => {
      const { access } = await signIn(server());
      const request: ApiRequest = {
        method: "POST",
        path: "/logout",
        body,
        headers: { ...headers, ...bearer(access) },
      };
      await check(server(), mount, request, loggedOut);
    });

    test.each(noTokens)("refuses %s", async (_name, headers, expected) => {
      await check(server(), mount, logout(headers), expected);
    });

    test("refuses GET and a body over 16 KiB, and the session goes on", async () => {
      const { access } = await signIn(server());
      const large: ApiRequest = { ...logout(bearer(access)), body: "x".repeat(17_000) };
      await check(server(), mount, large, { status: 413, code: "body_too_large" });
      const got: ApiRequest = { ...logout(bearer(access)), method: "GET" };
      const expected = { status: 405, code: "method_not_allowed", headers: { allow: "POST" } };
      await check(server(), mount, got, expected);
      await check(server(), mount, me(bearer(access)), { status: 200 });
    });
  });
}

import { describe, expect, test } from "vitest";
import { type ApiRequest, bearer, check, claimsOf, type Expected, mounts, send, signIn } from "./api-case.ts";
import { type ProviderWorld, sharedServer } from "./provider-world.ts";

export const refresh = (body: unknown, headers?: Record<string, string>): ApiRequest => ({
  method: "POST",
  path: "/refresh",
  body,
  ...(headers === undefined ? {} : { headers }),
});
export const refreshed: Expected = {
  status: 200,
  body: { token_type: "bearer", expires_in: 3600 },
  absent: ["user", "message", "code"],
  absentHeaders: ["www-authenticate"],
  events: ["token.refreshed"],
};
export const refusedRefresh = (code: string, events: readonly string[] = []): Expected => ({
  status: 401,
  code,
  absent: ["access_token", "refresh_token"],
  headers: { "www-authenticate": /^Bearer error="invalid_token"/ },
  events,
});
const neither: Expected = {
  status: 422,
  code: "validation_error",
  body: {
    detail: [{ loc: ["body", "refresh_token"], msg: "Send refresh_token or current_token", type: "missing" }],
  },
};

/** One issue for each member that is neither a text nor null. */
const wrongType = (...members: readonly string[]): Expected => ({
  status: 422,
  code: "validation_error",
  body: {
    detail: members.map((member) => ({
      loc: ["body", member],
      msg: "Input should be a valid string",
      type: "string_type",
    })),
  },
});

/** The contract of a refresh, for every identity provider. */
export function refreshContract(world: ProviderWorld): void {
  const server = sharedServer(world);

  describe.each(mounts)("%s/refresh", (mount) => {
    test("a refresh token is rotated", async () => {
      const first = await signIn(server());
      const answer = await check(server(), mount, refresh({ refresh_token: first.refresh }), refreshed);
      expect(answer.body["refresh_token"]).not.toBe(first.refresh);
      expect(claimsOf(String(answer.body["access_token"]))["sid"]).toBe(claimsOf(first.access)["sid"]);
      await check(server(), mount, refresh({ refresh_token: answer.body["refresh_token"] }), refreshed);
    });

    test("a repeat within the grace gets the same successor", async () => {
      const { refresh: token } = await signIn(server());
      const first = await check(server(), mount, refresh({ refresh_token: token }), refreshed);
      server().advance(9_000);
      const again = await check(server(), mount, refresh({ refresh_token: token }), {
        ...refreshed,
        body: { token_type: "bearer" },
        events: ["refresh.repeated"],
      });
      expect(again.body["refresh_token"]).toBe(first.body["refresh_token"]);
      expect(claimsOf(String(again.body["access_token"]))["exp"]).toBe(
        claimsOf(String(first.body["access_token"]))["exp"],
      );
    });

    test("a repeat after the grace is a replay: the session ends", async () => {
      const { refresh: token, access } = await signIn(server());
      const next = await check(server(), mount, refresh({ refresh_token: token }), refreshed);
      server().advance(60_001);
      const replayed = refusedRefresh("token_revoked", ["refresh.replayed", "session.ended"]);
      await check(server(), mount, refresh({ refresh_token: token }), replayed);
      await check(
        server(),
        mount,
        refresh({ refresh_token: next.body["refresh_token"] }),
        refusedRefresh("token_revoked"),
      );
      const me = await send(server(), mount, { method: "GET", path: "/me", headers: bearer(access) });
      expect([me.status, me.body["code"]]).toEqual([401, "token_revoked"]);
    });

    test("a token of two generations ago is a replay, also within the grace", async () => {
      const { refresh: token } = await signIn(server());
      const second = await check(server(), mount, refresh({ refresh_token: token }), refreshed);
      await check(server(), mount, refresh({ refresh_token: second.body["refresh_token"] }), refreshed);
      await check(
        server(),
        mount,
        refresh({ refresh_token: token }),
        refusedRefresh("token_revoked", ["refresh.replayed", "session.ended"]),
      );
    });

    test("refresh_token takes precedence over current_token", async () => {
      const { access, refresh: token } = await signIn(server());
      const both = await check(
        server(),
        mount,
        refresh({ refresh_token: token, current_token: "x" }),
        refreshed,
      );
      expect(both.body).toHaveProperty("refresh_token");
      await check(
        server(),
        mount,
        refresh({ refresh_token: "x", current_token: access }),
        refusedRefresh("invalid_token"),
      );
    });

    test("Authorization is ignored", async () => {
      const { refresh: token } = await signIn(server());
      await check(server(), mount, refresh({ refresh_token: token }, bearer("stale")), refreshed);
    });

    test.each([
      ["nothing", {}, neither],
      ["nulls", { refresh_token: null, current_token: null }, neither],
      ["a number", { refresh_token: 5 }, wrongType("refresh_token")],
      ["a number beside null", { refresh_token: null, current_token: 5 }, wrongType("current_token")],
      ["a list beside a text", { refresh_token: "x", current_token: ["y"] }, wrongType("current_token")],
      ["a number beside a text", { refresh_token: 5, current_token: "a.b.c" }, wrongType("refresh_token")],
      [
        "two members of wrong types",
        { refresh_token: {}, current_token: true },
        wrongType("refresh_token", "current_token"),
      ],
      ["an empty refresh token", { refresh_token: "" }, refusedRefresh("invalid_token")],
      ["an empty current token", { current_token: "" }, refusedRefresh("invalid_token")],
      [
        "a foreign refresh token",
        { refresh_token: `lkr_${"A".repeat(91)}` },
        refusedRefresh("invalid_token"),
      ],
      ["a foreign token", { current_token: "a.b.c" }, refusedRefresh("invalid_token")],
      ["not JSON", "refresh_token=x", { status: 400, code: "bad_request" }],
      ["over 16 KiB", { refresh_token: "x".repeat(17_000) }, { status: 413, code: "body_too_large" }],
    ] as const)("%s", async (name, body, expected) => {
      await check(server(), mount, refresh(body), world.differs[name] ?? expected);
    });

    test("GET is refused", async () => {
      const expected = { status: 405, code: "method_not_allowed", headers: { allow: "POST" } };
      await check(server(), mount, { method: "GET", path: "/refresh" }, expected);
    });

    test("a changed refresh token is refused, and its session goes on", async () => {
      const { refresh: token } = await signIn(server());
      const at = 30;
      const changed = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
      await check(server(), mount, refresh({ refresh_token: changed }), refusedRefresh("invalid_token"));
      await check(server(), mount, refresh({ refresh_token: token }), refreshed);
    });

    test("tabs that refresh at the same moment all stay signed in", async () => {
      const { refresh: token } = await signIn(server());
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => send(server(), mount, refresh({ refresh_token: token }))),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
      expect(new Set(answers.map(({ body }) => body["refresh_token"])).size).toBe(1);
      expect(
        server()
          .newEvents()
          .filter(({ name }) => name === "token.refreshed"),
      ).toHaveLength(1);
    });
  });
}

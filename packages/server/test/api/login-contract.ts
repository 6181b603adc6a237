import { passwords } from "@latchkey/testkit/server/test-server";
import { describe, expect, test } from "vitest";
import { type ApiRequest, check, type Expected, mounts } from "./api-case.ts";
import { type ProviderWorld, sharedServer } from "./provider-world.ts";

/** Limits beyond all attempts of these tests. */
export const unthrottled = {
  THROTTLE_PAIR: "1000/1h",
  THROTTLE_ADDRESS: "1000/1h",
  THROTTLE_ACCOUNT: "1000/1h",
} as const;

const login = (body: unknown, headers?: Record<string, string>): ApiRequest => ({
  method: "POST",
  path: "/login",
  body,
  ...(headers === undefined ? {} : { headers }),
});
const json = { "content-type": "application/json" };
const right = { username: "alice", password: passwords.alice };

const signedIn = ({ id, roles, display_name }: ProviderWorld["alice"]): Expected => ({
  status: 200,
  body: {
    token_type: "bearer",
    expires_in: 3600,
    user_id: id,
    username: "alice",
    roles,
    user: { id, username: "alice", email: "alice@example.com", display_name, active_status: true },
  },
  absent: ["message", "detail", "password", "user.password_hash", "user.passwordHash"],
  absentHeaders: ["www-authenticate", "set-cookie", "server", "x-powered-by"],
  events: ["login.succeeded"],
});

export const refusedLogin: Expected = {
  status: 401,
  code: "invalid_credentials",
  exactly: {
    detail: "Incorrect username or password",
    message: "Incorrect username or password",
    code: "invalid_credentials",
  },
  headers: { "www-authenticate": "Bearer" },
  events: ["login.failed"],
};

const badRequest: Expected = { status: 400, code: "bad_request", absent: ["access_token"] };
const invalid = (...detail: object[]): Expected => ({
  status: 422,
  code: "validation_error",
  body: { detail, message: expect.any(String) },
});
const missing = (field: string) => ({ loc: ["body", field], msg: "Field required", type: "missing" });
const noString = (field: string) => ({
  loc: ["body", field],
  msg: "Input should be a valid string",
  type: "string_type",
});

const rowsOf = (signedIn: Expected): readonly (readonly [string, ApiRequest, Expected])[] => [
  ["user name", login(right), signedIn],
  ["e-mail address", login({ ...right, username: "alice@example.com" }), signedIn],
  ["other case", login({ ...right, username: "ALICE@Example.COM" }), signedIn],
  ["surrounding space", login({ ...right, username: "  alice\t" }), signedIn],
  ["full-width letters (NFKC)", login({ ...right, username: "ａｌｉｃｅ" }), signedIn],
  ["password in another normalisation", login({ ...right, password: "ｃorrect horse battery" }), signedIn],
  ["unknown fields", login({ ...right, remember: true }), signedIn],
  [
    "charset parameter",
    login(JSON.stringify(right), { "content-type": "application/json; charset=utf-8" }),
    signedIn,
  ],
  ["stale Authorization", login(right, { authorization: "Bearer stale" }), signedIn],
  ["empty Authorization", login(right, { authorization: "Bearer " }), signedIn],
  ["wrong password", login({ ...right, password: "wrong" }), refusedLogin],
  ["password of another case", login({ ...right, password: passwords.alice.toUpperCase() }), refusedLogin],
  ["empty password", login({ ...right, password: "" }), refusedLogin],
  ["over-long password", login({ ...right, password: "x".repeat(10_000) }), refusedLogin],
  ["unknown user", login({ ...right, username: "nobody" }), refusedLogin],
  ["unknown e-mail address", login({ ...right, username: "nobody@example.com" }), refusedLogin],
  ["empty user name", login({ ...right, username: "" }), refusedLogin],
  ["over-long user name", login({ ...right, username: "x".repeat(10_000) }), refusedLogin],
  ["user name with NUL", login({ ...right, username: "alice\u0000" }), refusedLogin],
  ["inactive user", login({ username: "mallory", password: passwords.mallory }), refusedLogin],
  ["no field", login({}), invalid(missing("username"), missing("password"))],
  ["no password", login({ username: "alice" }), invalid(missing("password"))],
  ["numbers", login({ username: 5, password: 7 }), invalid(noString("username"), noString("password"))],
  ["nulls", login({ username: null, password: null }), invalid(noString("username"), noString("password"))],
  [
    "a list",
    login([]),
    invalid({ loc: ["body"], msg: "Input should be a valid object", type: "object_type" }),
  ],
  [
    "null",
    login("null", json),
    invalid({ loc: ["body"], msg: "Input should be a valid object", type: "object_type" }),
  ],
  [
    "a prototype in JSON",
    login('{"__proto__":{"username":"alice","password":"x"}}', json),
    invalid(missing("username"), missing("password")),
  ],
  ["not JSON", login('{"username":', json), badRequest],
  ["empty body", login("", json), badRequest],
  ["no body", { method: "POST", path: "/login" }, badRequest],
  ["a form", login("username=alice", { "content-type": "application/x-www-form-urlencoded" }), badRequest],
  ["text", login(JSON.stringify(right), { "content-type": "text/plain" }), badRequest],
  ["an invalid media type", login(JSON.stringify(right), { "content-type": "json" }), badRequest],
  [
    "two media types",
    login(JSON.stringify(right), { "content-type": "application/json, text/html" }),
    badRequest,
  ],
  [
    "a claimed encoding",
    login(JSON.stringify(right).slice(1), { ...json, "content-encoding": "gzip" }),
    badRequest,
  ],
  ["over 16 KiB", login({ ...right, password: "x".repeat(17_000) }), { status: 413, code: "body_too_large" }],
  [
    "GET",
    { method: "GET", path: "/login" },
    { status: 405, code: "method_not_allowed", headers: { allow: "POST" } },
  ],
  ["PUT", { method: "PUT", path: "/login", body: right }, { status: 405, code: "method_not_allowed" }],
  ["a longer path", { method: "POST", path: "/login/x", body: right }, { status: 404, code: "not_found" }],
];

/** The contract of a login, for every identity provider. */
export function loginContract(world: ProviderWorld): void {
  const server = sharedServer(world, unthrottled);
  const good = signedIn(world.alice);

  describe.each(mounts)("%s/login", (mount) => {
    test.each(rowsOf(good))("%s", async (name, request, expected) => {
      const answer = await check(server(), mount, request, world.differs[name] ?? expected);
      if (answer.status === 200) {
        expect(answer.body["access_token"]).toMatch(world.accessToken);
        expect(answer.body["refresh_token"]).toMatch(world.refreshToken);
      }
    });

    test("the answer holds exactly the fields of the document", async () => {
      const answer = await check(server(), mount, login(right), good);
      expect(Object.keys(answer.body).sort()).toEqual(
        [
          "access_token",
          "expires_in",
          "refresh_token",
          "roles",
          "token_type",
          "user",
          "user_id",
          "username",
        ].sort(),
      );
    });

    test("the log has the event of a failed login with its address and reason", async () => {
      const answer = await check(server(), mount, login({ ...right, password: "wrong" }), refusedLogin);
      const requestId = answer.headers.get("x-request-id");
      const [event] = server()
        .logged()
        .filter((line) => line["requestId"] === requestId);
      expect(event).toMatchObject({
        event: "login.failed",
        address: "127.0.0.1",
        ...world.wrongPassword,
      });
    });

    test("the log omits a name without an account", async () => {
      const typed = "hunter2 in the wrong field";
      await check(server(), mount, login({ ...right, username: typed }), refusedLogin);
      expect(JSON.stringify(server().logged())).not.toContain("hunter2");
    });
  });
}

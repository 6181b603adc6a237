import { type Answer, login } from "@latchkey/testkit/server/auth-calls";
import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { afterAll, beforeAll, expect, test } from "vitest";

/** Limits over time that these tests do not reach. */
const unlimited = { THROTTLE_PAIR: "9999/1h", THROTTLE_ACCOUNT: "9999/1h", THROTTLE_ADDRESS: "9999/1h" };

let server: TestServer;
beforeAll(async () => {
  server = await testServer({ ...unlimited, PASSWORD_RULES: "nist", HASH_QUEUE: "200" });
});
afterAll(() => server[Symbol.asyncDispose]());

const failing = (username: string, times: number): Promise<Answer[]> =>
  Promise.all(Array.from({ length: times }, () => login(server.url, username, "a wrong passphrase")));

const reasons = () => server.newEvents().map(({ name, reason }) => `${name} ${reason}`);

test("a password has 15 characters at least", async () => {
  const add = (password: string) =>
    server.server.people.add(
      { username: "carol", email: "carol@example.com", displayName: null, roles: [] },
      password,
    );
  await expect(add("four of a kind")).rejects.toThrow("the password must have at least 15 characters");
  expect(await add("fifteen letters")).toMatchObject({ username: "carol" });
});

test("after 100 failures in a row, at any time, only a new password works", async () => {
  await failing("alice", 60);
  server.advance(30 * 86_400_000);
  await failing("alice", 40);
  server.newEvents();

  expect(await login(server.url, "alice", passwords.alice)).toMatchObject({
    status: 401,
    body: { code: "invalid_credentials" },
  });
  expect(reasons()).toEqual(["login.failed too_many_failures"]);

  await server.server.people.setPassword("alice", "a new passphrase of alice");
  expect(await login(server.url, "alice", "a new passphrase of alice")).toMatchObject({ status: 200 });
});

test("a success in between starts the count again", async () => {
  await failing("bob", 99);
  expect(await login(server.url, "bob", passwords.bob)).toMatchObject({ status: 200 });
  await failing("bob", 99);
  expect(await login(server.url, "bob", passwords.bob)).toMatchObject({ status: 200 });
});

test("of 130 guesses at once, 100 are checked", async () => {
  server.newEvents();
  await failing("bob", 130);
  const counted = reasons();
  expect(
    counted.filter((reason) => reason === "login.failed too_many_failures").length,
  ).toBeGreaterThanOrEqual(30);
  expect(await login(server.url, "bob", passwords.bob)).toMatchObject({ status: 401 });
});

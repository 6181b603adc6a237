import { polluted } from "@latchkey/testkit/polluted";
import { passwords, testServer } from "@latchkey/testkit/server/test-server";
import { expect, test } from "vitest";
import { mounts, send, signIn } from "./api-case.ts";

// Every object of the server's process inherits a member. The server must read only members that a request sent.

test.each(mounts)("%s/login: an inherited password is ignored", async (mount) => {
  await using server = await testServer();
  const request = { method: "POST", path: "/login", body: { username: "alice" } } as const;
  const { status } = await polluted("password", passwords.alice, () => send(server, mount, request), false);
  expect(status).toBe(422);
});

test.each(mounts)("%s/refresh: an inherited refresh token is ignored", async (mount) => {
  await using server = await testServer();
  const { refresh } = await signIn(server);
  const request = { method: "POST", path: "/refresh", body: {} } as const;
  const { status } = await polluted("refresh_token", refresh, () => send(server, mount, request), false);
  expect(status).toBe(422);
});

test.each(mounts)("%s/me: an inherited header is ignored", async (mount) => {
  await using server = await testServer();
  const { access } = await signIn(server);
  const request = { method: "GET", path: "/me" } as const;
  const header = `Bearer ${access}`;
  const { status } = await polluted("authorization", header, () => send(server, mount, request), false);
  expect(status).toBe(401);
});

import { expect, test } from "vitest";
import { send } from "../api/api-case.ts";
import { type TestServer, testServer } from "../api/test-server.ts";
import { type Answer, json, OddRealm } from "./odd-realm.ts";

const lost: Answer = (request) => void request.socket.destroy();
const wrong = json({ error: "invalid_grant", error_description: "Invalid user credentials" }, 400);

/** A realm with patience, so that only a lost connection leaves a login without a response. */
const settingsOf = (realm: OddRealm) => ({ ...realm.settings, KEYCLOAK_TIMEOUT: "10s" });

/** Signs in, later than Keycloak's own bookkeeping of the login before. */
async function login(server: TestServer, username = "alice") {
  server.advance(2_000);
  const body = { username, password: "hunter2 of hers" };
  const { status, body: answer } = await send(server, "/auth", { method: "POST", path: "/login", body });
  return [status, answer["code"]];
}

test("after a login without a response, a wrong password is uncertain for a minute", async () => {
  await using realm = await OddRealm.start();
  await using server = await testServer(settingsOf(realm));
  realm.atSignIn(lost);
  expect(await login(server)).toEqual([503, "provider_unavailable"]);
  realm.atSignIn(wrong);
  expect(await login(server, "bob")).toEqual([401, "invalid_credentials"]);
  expect(await login(server)).toEqual([503, "provider_unavailable"]);
  server.advance(54_000);
  expect(await login(server)).toEqual([401, "invalid_credentials"]);
});

test("a login that Keycloak accepts ends the uncertainty", async () => {
  await using realm = await OddRealm.start();
  await using server = await testServer(settingsOf(realm));
  realm.atSignIn(lost);
  expect(await login(server)).toEqual([503, "provider_unavailable"]);
  realm.answers.clear();
  expect(await login(server)).toEqual([200, undefined]);
  realm.atSignIn(wrong);
  expect(await login(server)).toEqual([401, "invalid_credentials"]);
});

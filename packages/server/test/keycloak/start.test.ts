import { readFileSync } from "node:fs";
import { clients, passwords } from "@latchkey/testkit/keycloak/acceptance-realm";
import { Place } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { describe, expect, test } from "vitest";
import { send, signIn } from "../api/api-case.ts";
import { expectRefusal } from "../process/refusal.ts";
import { ownRealm } from "./own-realm.ts";

const realm = ownRealm();
const place = new Place();

const oauth = { OAUTH: "on", ISSUER: "http://127.0.0.1:8000" };

const serve = (change: Readonly<Record<string, string>>) =>
  place.latchkey(["serve", "--port", "0"], {
    env: {
      LATCHKEY_PROVIDER: "keycloak",
      LATCHKEY_KEYCLOAK_URL: realm.keycloak,
      LATCHKEY_KEYCLOAK_REALM: realm.name,
      LATCHKEY_KEYCLOAK_CLIENT_ID: "latchkey",
      LATCHKEY_KEYCLOAK_CLIENT_SECRET: clients.latchkey,
      ...change,
    },
  });

describe("the server does not start, and prints cause and cure in one line, if", () => {
  test.each([
    [
      "the realm is missing",
      { REALM: "nowhere" },
      /^latchkey: LATCHKEY_KEYCLOAK_REALM=nowhere: Keycloak at http.* has no realm of this name/,
    ],
    [
      "the secret is wrong",
      { CLIENT_SECRET: "hunter2" },
      /^latchkey: LATCHKEY_KEYCLOAK_CLIENT_SECRET: the client latchkey of the realm .* has another secret: copy/,
    ],
    [
      "the client is missing",
      { CLIENT_ID: "nobody" },
      /^latchkey: LATCHKEY_KEYCLOAK_CLIENT_SECRET: the client nobody of the realm .* is unknown/,
    ],
    [
      "direct access grants are off",
      { CLIENT_ID: "browser", CLIENT_SECRET: clients.browser },
      /^latchkey: LATCHKEY_KEYCLOAK_CLIENT_ID: the client browser of the realm .* has direct access grants turned off: turn them on/,
    ],
    [
      "OAuth is on and the standard flow is off",
      { CLIENT_ID: "notes", CLIENT_SECRET: clients.notes, ...oauth },
      /^latchkey: LATCHKEY_OAUTH=on: the client notes of the realm .* has the standard flow turned off: turn it on/,
    ],
    [
      "OAuth is on and the redirect URI is missing",
      { CLIENT_ID: "browser", CLIENT_SECRET: clients.browser, ...oauth },
      /^latchkey: LATCHKEY_OAUTH=on: the client browser of the realm .* does not have the redirect URI http.*\/oauth\/callback: add it/,
    ],
  ] as const)("%s", async (_when, change, why) => {
    const settings = Object.entries(change).map(([name, value]) => [
      name in oauth ? `LATCHKEY_${name}` : `LATCHKEY_KEYCLOAK_${name}`,
      value,
    ]);
    const result = await serve(Object.fromEntries(settings));
    expectRefusal(result, why);
    expect(result.stderr).not.toMatch(/hunter2/);
  });

  test("the realm has another issuer", async () => {
    const url = realm.keycloak.replace("127.0.0.1", "localhost");
    await realm.admin.changeRealm(realm.name, { attributes: { frontendUrl: "https://login.example" } });
    expectRefusal(
      await serve({ LATCHKEY_KEYCLOAK_URL: url }),
      /^latchkey: LATCHKEY_KEYCLOAK_URL=.*: the realm's issuer is https:\/\/login\.example\/realms\//,
    );
    await realm.admin.changeRealm(realm.name, { attributes: { frontendUrl: "" } });
  });
});

test("a changed client secret: 503 and not ready, until it is changed back", async () => {
  await using server = await realm.open();
  await signIn(server);
  const login = () =>
    send(server, "/auth", {
      method: "POST",
      path: "/login",
      body: { username: "alice", password: passwords.alice },
    });
  await realm.admin.changeClient(realm.name, "latchkey", { secret: "quite another secret" });
  const refused = await login();
  expect([refused.status, refused.body["code"]]).toEqual([503, "provider_unavailable"]);
  expect((await fetch(`${server.url}/health/ready`)).status).toBe(503);
  const problems = server.logged().map((line) => String(line["problem"]));
  expect(problems.filter((line) => line.startsWith("LATCHKEY_KEYCLOAK_CLIENT_SECRET: "))).toHaveLength(1);
  await realm.admin.changeClient(realm.name, "latchkey", { secret: clients.latchkey });
  await until("users can sign in again", async () => (await login()).status === 200, 30_000);
  server.advance(250);
  expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
});

test("the commands for local users and sessions refer to the realm", async () => {
  const env = {
    LATCHKEY_PROVIDER: "keycloak",
    LATCHKEY_KEYCLOAK_URL: realm.keycloak,
    LATCHKEY_KEYCLOAK_REALM: realm.name,
    LATCHKEY_KEYCLOAK_CLIENT_ID: "latchkey",
    LATCHKEY_KEYCLOAK_CLIENT_SECRET: clients.latchkey,
  };
  for (const command of [
    ["user", "list"],
    ["user", "add", "eve", "--email", "e@example.com"],
    ["session", "list"],
  ]) {
    expectRefusal(
      await place.latchkey(command, { env }),
      /the (users|sessions) are in Keycloak, in the realm tests-.* there\./,
    );
  }
});

test("a user can sign in to the realm file of the documentation", async () => {
  const { exampleSecret } = await import("@latchkey/testkit/keycloak/keycloak-process");
  const file = readFileSync(new URL("../../../../docs/keycloak/realm.json", import.meta.url), "utf8");
  const example = JSON.parse(file.replace(/\$\{LATCHKEY_KEYCLOAK_CLIENT_SECRET\}/, exampleSecret));
  const name = `${realm.name}-example`;
  const user = {
    username: "alice",
    email: "alice@example.com",
    firstName: "Alice",
    lastName: "Example",
    enabled: true,
    credentials: [{ type: "password", value: passwords.alice }],
    realmRoles: ["user"],
  };
  await realm.admin.importRealm({ ...example, realm: name, users: [user] });
  // With OAuth, the start checks the standard flow and the redirect URI as well.
  const settings = { KEYCLOAK_REALM: name, KEYCLOAK_CLIENT_SECRET: exampleSecret, OAUTH: "on" };
  await using server = await realm.open(settings);
  const { access } = await signIn(server);
  const me = await send(server, "/auth", {
    method: "GET",
    path: "/me",
    headers: { authorization: `Bearer ${access}` },
  });
  expect(me.body).toMatchObject({ username: "alice", roles: ["user"] });
  await realm.admin.removeRealm(name);
});

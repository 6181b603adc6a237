import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { powers } from "../../src/core/people/powers.ts";
import { bearer, send } from "../api/api-case.ts";
import { addClient, form } from "../api/oauth-world.ts";
import { FakeRealm } from "../identity/fake-realm.ts";

let realm: FakeRealm;
let server: TestServer;
let token: string;
beforeAll(async () => {
  realm = await FakeRealm.start();
  server = await testServer({ ...realm.settings, OAUTH: "on" });
  const { id, secret } = await addClient(server, { roles: [], scope: powers.join(" ") });
  const resource = `${server.url}/admin/v1`;
  const asked = { grant_type: "client_credentials", client_id: id, client_secret: secret, resource };
  token = String((await send(server, "", form("/oauth/token", asked))).body["access_token"]);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await realm[Symbol.asyncDispose]();
});

const get = (path: string, headers = bearer(token)) =>
  send(server, "/admin/v1", { method: "GET", path, headers });

describe("with users in Keycloak", () => {
  test.each([
    "/users",
    "/users/alice-id",
    "/users/alice-id/sessions",
    "/users/alice-id/export",
    "/invitations",
    "/invitations/id",
  ])("%s is no path: the realm administers its users", async (path) => {
    expect((await get(path)).body).toMatchObject({ code: "not_found" });
  });

  test.each(["/sessions", "/audit", "/keys", "/clients", "/resources"])(
    "%s is served to a machine with the scopes",
    async (path) => {
      expect((await get(path)).status).toBe(200);
    },
  );

  test("the realm's own token of an administrator is refused", async () => {
    realm.person = { sub: "boss-id", roles: ["admin"] };
    const body = { username: "boss", password: "hunter2 of hers" };
    const login = await send(server, "/auth", { method: "POST", path: "/login", body });
    expect(login.status).toBe(200);
    const refused = await get("/keys", bearer(String(login.body["access_token"])));
    expect(refused.body).toMatchObject({ code: "invalid_token" });
  });
});

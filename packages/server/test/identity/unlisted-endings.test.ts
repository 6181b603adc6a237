import { DatabaseSync } from "node:sqlite";
import { testServer } from "@latchkey/testkit/server/test-server";
import { expect, test } from "vitest";
import { bearer, claimsOf, send, signIn } from "../api/api-case.ts";
import { FakeRealm } from "./fake-realm.ts";

test("a realm's token is valid while ended sessions of a client wait to join the revocations", async () => {
  await using realm = await FakeRealm.start();
  await using server = await testServer(realm.settings);
  const { access } = await signIn(server);
  await server.server.backgroundJobs.stop();
  const database = new DatabaseSync(server.database);
  database.exec("insert into client_endings (client_id, ended_at) values ('editor', 1)");
  database.close();
  await server.server.backgroundJobs.poll();
  const me = () => send(server, "/auth", { method: "GET", path: "/me", headers: bearer(access) });
  expect((await me()).status).toBe(200);
  const state = () => send(server, "", { method: "GET", path: `/revocations/${claimsOf(access)["sid"]}` });
  expect((await state()).body["ended"]).toBe(false);
  const logout = { method: "POST", path: "/logout", headers: bearer(access) } as const;
  expect((await send(server, "/auth", logout)).status).toBe(200);
  expect((await me()).body["code"]).toBe("token_revoked");
  expect((await state()).body["ended"]).toBe(true);
});

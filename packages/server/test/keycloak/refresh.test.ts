import { expect, test } from "vitest";
import { signIn } from "../api/api-case.ts";
import { refreshContract } from "../api/refresh-contract.ts";
import { elsewhere, present } from "../api/refresh-grace-contract.ts";
import { ownRealm, realmWorld, sameTimes } from "./own-realm.ts";

/** A session at Keycloak is refreshed with its refresh token alone. */
const currentToken = {
  status: 422,
  code: "validation_error",
  body: { detail: [{ loc: ["body", "current_token"], msg: expect.stringMatching(/^Send refresh_token/) }] },
} as const;

const realm = ownRealm(sameTimes);

refreshContract(
  realmWorld(realm, {
    "an empty current token": currentToken,
    "a foreign token": currentToken,
  }),
);

test("another address gets the same answer for ten seconds, with an event", async () => {
  await using server = await realm.open({ TRUSTED_PROXIES: "127.0.0.1" });
  const { refresh } = await signIn(server);
  const { next } = await present(server, refresh, "127.0.0.1");
  server.newEvents();
  server.advance(10_000);
  expect(await present(server, refresh, elsewhere)).toMatchObject({ status: 200, next });
  expect(server.newEvents()).toMatchObject([
    { name: "refresh.repeated", reason: "other_address", address: elsewhere },
  ]);
  server.stepWallClock(-3_600_000);
  server.advance(50_000);
  expect(await present(server, refresh, "127.0.0.1")).toMatchObject({ status: 200, next });
  server.newEvents();
  expect(await present(server, refresh, elsewhere)).toMatchObject({ status: 401, code: "token_revoked" });
  expect(server.newEvents().map(({ name }) => name)).toEqual(["refresh.replayed", "session.ended"]);
});

test("forged tokens do not throttle the refresh of a session opened here", async () => {
  await using server = await realm.open({ TRUSTED_PROXIES: "127.0.0.1", THROTTLE_ADDRESS: "1/15m" });
  const { refresh } = await signIn(server);
  const claims = Buffer.from(JSON.stringify({ sid: "s", sub: "u", typ: "Refresh" })).toString("base64url");
  for (const madeUp of ["a.b.c", `a.${claims}.c`]) {
    for (let time = 0; time < 5; time++) expect((await present(server, madeUp)).status).toBe(401);
  }
  expect((await present(server, "a.b.c")).status).toBe(429);
  expect((await present(server, refresh)).status).toBe(200);
  const [head, payload] = refresh.split(".");
  expect((await present(server, `${head}.${payload}.forged`)).status).toBe(401);
});

import type { TestServer } from "@latchkey/testkit/server/test-server";
import { describe, expect, test } from "vitest";
import { bearer, send, signIn } from "../api/api-case.ts";
import { ownRealm } from "./own-realm.ts";

const realm = ownRealm();

const headerOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString());

async function me(server: TestServer, token: string) {
  const { status, body } = await send(server, "/auth", {
    method: "GET",
    path: "/me",
    headers: bearer(token),
  });
  return [status, body["code"]];
}

describe("the realm signs with", () => {
  test.each([
    ["RS256", { providerId: "rsa-generated", config: { algorithm: ["RS256"] } }],
    ["PS256", { providerId: "rsa-generated", config: { algorithm: ["PS256"] } }],
    ["ES256", { providerId: "ecdsa-generated", config: { ecdsaEllipticCurveKey: ["P-256"] } }],
  ] as const)("%s", async (algorithm, provider) => {
    await realm.admin.addKey(realm.name, provider, 200);
    await realm.admin.changeRealm(realm.name, { defaultSignatureAlgorithm: algorithm });
    await using server = await realm.open();
    const { access } = await signIn(server);
    expect(headerOf(access)["alg"]).toBe(algorithm);
    expect(await me(server, access)).toEqual([200, undefined]);
    await realm.admin.changeRealm(realm.name, { defaultSignatureAlgorithm: "RS256" });
  });
});

test("a new key is used at once; the old key verifies until it is removed", async () => {
  await using server = await realm.open();
  const old = await signIn(server);
  await realm.admin.addKey(
    realm.name,
    { providerId: "rsa-generated", config: { algorithm: ["RS256"] } },
    300,
  );
  const fresh = await signIn(server);
  expect(headerOf(fresh.access)["kid"]).not.toBe(headerOf(old.access)["kid"]);
  expect(await me(server, fresh.access)).toEqual([200, undefined]);
  expect(await me(server, old.access)).toEqual([200, undefined]);
  const body = { refresh_token: old.refresh };
  const refreshed = await send(server, "/auth", { method: "POST", path: "/refresh", body });
  expect(headerOf(String(refreshed.body["access_token"]))["kid"]).toBe(headerOf(fresh.access)["kid"]);

  await realm.admin.removeKeys(realm.name, 300);
  await using later = await realm.open();
  expect(await me(later, fresh.access)).toEqual([200, undefined]);
  expect(await me(later, old.access)).toEqual([401, "invalid_token"]);
  const logout = { method: "POST", path: "/logout", headers: bearer(fresh.access) } as const;
  expect((await send(server, "/auth", logout)).status).toBe(200);
});

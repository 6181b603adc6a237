import { polluted } from "@latchkey/testkit/polluted";
import { expect, test } from "vitest";
import { AuthClient, memoryStore, type TokenSet } from "../src/index.ts";
import { tokensIn } from "../src/stores.ts";
import { readLogin, readTokens } from "../src/wire.ts";

test("a response ignores members of a polluted prototype", async () => {
  const answer = { access_token: "a", user: {} };
  expect((await polluted("roles", ["admin"], () => readLogin(answer))).roles).toEqual([]);
  expect((await polluted("username", "root", () => readLogin(answer))).username).toBeUndefined();
  const tokens = await polluted("refresh_token", "r", () => readTokens(answer));
  expect(tokens.refreshToken).toBeUndefined();
});

test("a stored session ignores members of a polluted prototype", async () => {
  const refreshToken = await polluted(
    "refreshToken",
    "r",
    () => tokensIn('{"accessToken":"a"}')?.refreshToken,
  );
  expect(refreshToken).toBeUndefined();
  expect(await polluted("accessToken", "a", () => tokensIn("{}"))).toBeUndefined();
  for (const text of ["null", "1", "", "[]", null]) expect(tokensIn(text)).toBeUndefined();
});

const tokens: TokenSet = {
  accessToken: "stored-token",
  issuedAt: Date.now(),
  expiresAt: Date.now() + 60_000,
};

test("a client ignores an inherited store", async () => {
  const store = memoryStore();
  await store.set(tokens);
  const auth = new AuthClient(Object.create({ store }));
  await expect(auth.token()).rejects.toMatchObject({ kind: "signed_out" });
  await expect(auth.with(Object.create({ store })).token()).rejects.toMatchObject({ kind: "signed_out" });
  const other = await polluted("store", store, () => new AuthClient({}).with({ timeout: 1 }));
  await expect(other.token()).rejects.toMatchObject({ kind: "signed_out" });
});

test("a derived client ignores an inherited baseURL, and keeps the session", async () => {
  const store = memoryStore();
  await store.set(tokens);
  const derived = new AuthClient({ store }).with(Object.create({ baseURL: "https://login.example" }));
  expect(await derived.token()).toBe("stored-token");
});

test("a call ignores an inherited token, and sends that of the session", async () => {
  const store = memoryStore();
  await store.set(tokens);
  const sent: unknown[] = [];
  const fetch = async (request: Request) => {
    sent.push(request.headers.get("authorization"));
    return Response.json({ message: "Logged out" });
  };
  const auth = new AuthClient({ store, fetch });
  await auth.me(Object.create({ token: "inherited" })).asResponse();
  await auth.logout(Object.create({ token: "inherited" }));
  expect(sent).toEqual(["Bearer stored-token", "Bearer stored-token"]);
  expect(await store.get()).toBeUndefined();
});

test("an option that is a getter is read once", () => {
  let reads = 0;
  const options = {
    get store() {
      reads++;
      return memoryStore();
    },
  };
  expect(new AuthClient(options)).toBeInstanceOf(AuthClient);
  expect(reads).toBe(1);
});

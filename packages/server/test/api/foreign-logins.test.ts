import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nameKeys } from "../../src/core/passwords/account-names.ts";
import { noPassword } from "../../src/core/passwords/foreign-hash.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { firebaseVector, foreignVectors, vectorPassword } from "../core/foreign-vectors.ts";
import { send } from "./api-case.ts";

let server: TestServer;
let store: Store;
beforeAll(async () => {
  server = await testServer({
    THROTTLE_PAIR: "100000/1h",
    THROTTLE_ACCOUNT: "100000/1h",
    THROTTLE_ADDRESS: "100000/1h",
  });
  const place = { engine: "sqlite", path: server.database } as const;
  store = await openStore({ place, owner: "command", onAudit: () => {} });
});
afterAll(async () => {
  await store.close();
  await server[Symbol.asyncDispose]();
});

const login = (password: string) =>
  send(server, "/auth", { method: "POST", path: "/login", body: { username: "alice", password } });
const storeHash = (text: string) =>
  store.users.setPassword("user:alice", text, {
    name: "user.password_changed",
    at: server.now(),
    address: "cli",
  });
const storedHash = async () => (await store.users.byName(nameKeys("alice")))?.passwordHash;

/** Work and outcome of one login. */
async function tried(password: string) {
  server.newEvents();
  const before = server.hashes();
  const { status } = await login(password);
  const reasons = server.newEvents().flatMap(({ name, reason }) => (name === "login.failed" ? [reason] : []));
  return { status, hashes: server.hashes() - before, reasons };
}

const { salt, hash, separator, signerKey } = firebaseVector;
const vectors = [
  ...foreignVectors.map(([origin, text]) => ({ origin, text, password: vectorPassword })),
  {
    origin: "Firebase",
    text: `$fbscrypt$v=1,n=14,r=8,p=1,ss=${separator},sk=${signerKey}$${salt}$${hash}`,
    password: firebaseVector.password,
  },
];

test.each(vectors)(
  "$origin: a wrong password costs one check, the right one signs in and is stored as argon2id",
  async ({ text, password }) => {
    await storeHash(text);
    expect(await tried(`${password}?`)).toEqual({ status: 401, hashes: 1, reasons: ["wrong_password"] });
    expect(await storedHash()).toBe(text);
    expect(await tried(password)).toEqual({ status: 200, hashes: 2, reasons: [] });
    expect(await storedHash()).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$/);
    expect(await tried(password)).toEqual({ status: 200, hashes: 1, reasons: [] });
  },
);

describe("a password that NFKC changes", () => {
  const decomposed = vectorPassword.normalize("NFD");

  test("its hash was made of the bytes as they were typed", async () => {
    // Made by Python's bcrypt 4.0 of the decomposed bytes.
    await storeHash("$2b$04$6TCgJP1MfgJmuVY6vcOmkealjQMYnd2hwPTKEKv38Yzz2WJrvIYSa");
    expect((await tried(decomposed)).status).toBe(200);
  });

  test("its hash was made of its NFKC", async () => {
    await storeHash(foreignVectors.find(([origin]) => origin === "passlib bcrypt 2b")?.[1] ?? "");
    expect(await tried(decomposed)).toEqual({ status: 200, hashes: 3, reasons: [] });
  });
});

test.each([
  ["an unknown form", "5f4dcc3b5aa765d61d8327deb882cf99"],
  ["a cost beyond the bounds", `$2b$31$${"A".repeat(53)}`],
  ["argon2 with 4 GiB", `$argon2id$v=19$m=4194304,t=100,p=1$c2FsdHNhbHQ$${"A".repeat(43)}`],
  ["SHA-crypt with 999,999,999 rounds", `$6$rounds=999999999$salt$${"A".repeat(86)}`],
  ["no password", noPassword],
  ["the empty text", ""],
])("a stored hash with %s is a wrong password, and the audit says why", async (_kind, text) => {
  await storeHash(text);
  expect(await tried("anything")).toEqual({ status: 401, hashes: 1, reasons: ["unusable_hash"] });
  expect(await storedHash()).toBe(text);
});

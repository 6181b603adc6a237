import { describe, expect, test } from "vitest";
import { auth0 } from "../../src/cli/import/products/auth0.ts";
import { betterAuth } from "../../src/cli/import/products/better-auth.ts";
import type { Converter } from "../../src/cli/import/products/converter.ts";
import { firebase, readFirebaseProject } from "../../src/cli/import/products/firebase.ts";
import { keycloak } from "../../src/cli/import/products/keycloak.ts";
import { kratos } from "../../src/cli/import/products/kratos.ts";
import { supabase } from "../../src/cli/import/products/supabase.ts";
import { parseForeignHash } from "../../src/core/passwords/parse-foreign-hash.ts";
import type { Fields } from "../../src/core/people/imported-user.ts";
import { checkForeignHash } from "../../src/password-checks/check-foreign-hash.ts";
import { firebaseVector, foreignVectors, vectorPassword } from "../core/foreign-vectors.ts";

const bcrypt = foreignVectors.find(([origin]) => origin === "passlib bcrypt 2b")?.[1] ?? "";
const created = Date.UTC(2024, 2, 1, 12, 30);

/** The user of a row, which must be readable. */
function userOf({ user }: Converter, fields: Fields) {
  const found = user(fields);
  if (found === undefined || "problem" in found) throw new Error(found?.problem ?? "left out");
  return found;
}

async function opens(text: string | undefined, password: string): Promise<boolean> {
  const hash = parseForeignHash(text ?? "");
  return !("problem" in hash) && checkForeignHash(hash, password);
}

describe("Keycloak", () => {
  const row = (more: Fields = {}) => ({
    id: "f3b1b2c4-5a0e-4d7c-9b34-0b6d2f1c9a11",
    username: "alice",
    firstName: "Alice",
    lastName: "Example",
    email: "alice@example.com",
    emailVerified: true,
    createdTimestamp: created,
    enabled: true,
    totp: false,
    credentials: [],
    disableableCredentialTypes: [],
    requiredActions: [],
    realmRoles: ["default-roles-notes", "offline_access", "uma_authorization", "editor"],
    notBefore: 0,
    groups: [],
    ...more,
  });

  test("names, roles, marks and times", () => {
    expect(userOf(keycloak, row())).toEqual({
      id: "f3b1b2c4-5a0e-4d7c-9b34-0b6d2f1c9a11",
      username: "alice",
      email: "alice@example.com",
      emailVerified: true,
      displayName: "Alice Example",
      roles: ["editor"],
      disabled: false,
      passwordHash: undefined,
      createdAt: created,
      mustChangePassword: false,
    });
    const more = {
      enabled: false,
      requiredActions: ["UPDATE_PASSWORD"],
      username: "alice@example.com",
      realmRoles: ["offline_access"],
    };
    expect(userOf(keycloak, row(more))).toMatchObject({
      disabled: true,
      mustChangePassword: true,
      username: undefined,
      roles: undefined,
    });
  });

  test("the account of a client is left out", () => {
    expect(keycloak.user(row({ serviceAccountClientId: "notes" }))).toBeUndefined();
  });

  test("a hash of an extension fails its row with the reason", () => {
    const credentials = [
      {
        type: "password",
        secretData: '{"value":"c2VjcmV0","salt":""}',
        credentialData: '{"algorithm":"bcrypt"}',
      },
    ];
    expect(keycloak.user(row({ credentials }))).toEqual({
      problem:
        "the password cannot be checked: its algorithm is not one of Keycloak's own (argon2 and pbkdf2)",
    });
  });
});

describe("Auth0", () => {
  const hashes = {
    _id: { $oid: "5dea9f9c82dd7c0e76e4ec93" },
    email_verified: false,
    email: "user@example.com",
    passwordHash: bcrypt,
    password_set_date: { $date: "2019-12-06T18:36:12.412Z" },
    tenant: "example",
    connection: "Username-Password-Authentication",
    _tmp_is_unique: true,
    identifiers: [{ type: "email", value: "user@example.com", verified: true }],
  };

  test("the file of the hashes is enough", async () => {
    const user = userOf(auth0, hashes);
    expect(user).toMatchObject({
      id: "auth0|5dea9f9c82dd7c0e76e4ec93",
      email: "user@example.com",
      emailVerified: false,
    });
    expect(await opens(user.passwordHash, vectorPassword)).toBe(true);
  });

  test("an id of the operator's, and an address among the identifiers alone", () => {
    const { email: _, email_verified: __, ...rest } = hashes;
    expect(userOf(auth0, { ...rest, alt_id: "euclid" })).toMatchObject({
      id: "auth0|euclid",
      email: "user@example.com",
      emailVerified: true,
    });
  });

  test("a user of the export finds the hash of the second file", () => {
    const user = {
      user_id: "auth0|5dea9f9c82dd7c0e76e4ec93",
      email: "user@example.com",
      email_verified: true,
      name: "user@example.com",
      created_at: "2024-03-01T12:30:00.000Z",
      blocked: true,
    };
    expect(userOf(auth0, user)).toMatchObject({ displayName: null, createdAt: created, disabled: true });
    expect(auth0.password?.(hashes)).toEqual({ key: auth0.passwordKey?.(user), hash: bcrypt });
  });
});

describe("Firebase", () => {
  const { salt, hash, separator, signerKey, password } = firebaseVector;
  const config = `hash_config {\n  algorithm: SCRYPT,\n  base64_signer_key: ${signerKey},\n  base64_salt_separator: ${separator},\n  rounds: 8,\n  mem_cost: 14,\n}`;
  const row = {
    localId: "Zk2",
    email: "user1@example.com",
    emailVerified: true,
    passwordHash: hash,
    salt,
    createdAt: String(created),
  };

  test.each([
    ["as the console shows them", config],
    [
      "as JSON",
      JSON.stringify({
        base64_signer_key: signerKey,
        base64_salt_separator: separator,
        rounds: 8,
        mem_cost: 14,
      }),
    ],
  ])("the password opens with the parameters %s", async (_form, text) => {
    const user = userOf(firebase(readFirebaseProject(text)), row);
    expect(user).toMatchObject({
      id: "Zk2",
      email: "user1@example.com",
      emailVerified: true,
      createdAt: created,
    });
    expect(await opens(user.passwordHash, password)).toBe(true);
  });

  test("a parameter that is missing is noticed", () => {
    expect(readFirebaseProject(config.replace("mem_cost", "cost"))).toBeUndefined();
    expect(firebase(undefined).user(row)).toEqual({ problem: expect.stringMatching(/--hash-config$/) });
  });

  test("an anonymous account is left out", () => {
    expect(firebase(undefined).user({ localId: "Zk3", createdAt: String(created) })).toBeUndefined();
  });
});

describe("Supabase", () => {
  const row = {
    instance_id: "00000000-0000-0000-0000-000000000000",
    id: "9a3c9d7e-6f0e-4b2c-8f4a-0f7f1f3e2d10",
    aud: "authenticated",
    role: "authenticated",
    email: "alice@example.com",
    encrypted_password: bcrypt,
    email_confirmed_at: "2024-03-01 12:31:00.5+00",
    raw_user_meta_data: '{"full_name": "Alice Example"}',
    created_at: "2024-03-01 12:30:00+00",
    banned_until: "",
    is_anonymous: "f",
    deleted_at: "",
  };
  const now = () => created;

  test("a row of CSV", async () => {
    const user = userOf(supabase(now), row);
    expect(user).toMatchObject({
      id: row.id,
      email: "alice@example.com",
      emailVerified: true,
      displayName: "Alice Example",
      roles: undefined,
      disabled: false,
      createdAt: created,
    });
    expect(await opens(user.passwordHash, vectorPassword)).toBe(true);
  });

  test("a row of JSON", () => {
    const json = {
      ...row,
      raw_user_meta_data: { name: "Al" },
      email_confirmed_at: null,
      is_anonymous: false,
      deleted_at: null,
    };
    expect(userOf(supabase(now), json)).toMatchObject({ displayName: "Al", emailVerified: false });
  });

  test("a ban disables the user until its end", () => {
    expect(userOf(supabase(now), { ...row, banned_until: "2024-03-01 12:30:01+00" }).disabled).toBe(true);
    expect(userOf(supabase(now), { ...row, banned_until: "2024-03-01 12:29:59+00" }).disabled).toBe(false);
  });

  test("anonymous and deleted accounts are left out", () => {
    expect(supabase(now).user({ ...row, is_anonymous: "t" })).toBeUndefined();
    expect(supabase(now).user({ ...row, deleted_at: "2024-03-01 12:30:01+00" })).toBeUndefined();
  });
});

describe("Kratos", () => {
  const row = {
    id: "7458af86-c1d8-401c-978a-8da89133f78b",
    credentials: {
      password: {
        type: "password",
        identifiers: ["alice@example.com"],
        config: { hashed_password: bcrypt },
        version: 0,
      },
    },
    schema_id: "default",
    state: "active",
    traits: { email: "alice@example.com", name: { first: "Alice", last: "Example" }, username: "alice" },
    verifiable_addresses: [{ value: "alice@example.com", verified: true, via: "email", status: "completed" }],
    created_at: "2024-03-01T12:30:00Z",
  };

  test("an identity with its credentials", async () => {
    const user = userOf(kratos, row);
    expect(user).toMatchObject({
      id: row.id,
      username: "alice",
      email: "alice@example.com",
      emailVerified: true,
      displayName: "Alice Example",
      disabled: false,
      createdAt: created,
    });
    expect(await opens(user.passwordHash, vectorPassword)).toBe(true);
  });

  test("an identity in the form of Kratos' own import", async () => {
    const { id: _, created_at: __, ...create } = row;
    const user = userOf(kratos, { create, patch_id: "5dea9f9c-82dd-4c0e-b6e4-ec93aa000000" });
    expect(user).toMatchObject({ username: "alice", email: "alice@example.com", emailVerified: true });
    expect(user.id).toBeUndefined();
    expect(await opens(user.passwordHash, vectorPassword)).toBe(true);
  });

  test("other traits, an inactive identity, and one without a password", () => {
    const user = userOf(kratos, { ...row, traits: { name: "Al" }, state: "inactive" });
    expect(user).toMatchObject({ email: "alice@example.com", displayName: "Al", disabled: true });
    expect(userOf(kratos, { ...row, credentials: {} }).passwordHash).toBeUndefined();
  });
});

describe("better-auth", () => {
  const row = {
    id: "kq3XvP",
    name: "Alice Example",
    email: "alice@example.com",
    emailVerified: "1",
    image: "",
    createdAt: "2024-03-01T12:30:00.000Z",
    updatedAt: "2024-03-01T12:30:00.000Z",
    role: "editor,user",
    banned: "0",
  };
  // Made by better-auth 1.7.
  const password =
    "75c6f7ae9b856918578a0b86c48f2c4d:7b379cc5fc471e7bc0474a030dc1c2652959b31f0b659f866be5e4c9ccaa5a871fabda2e24da41ae484205fdd06837a67b2ff50735aec269e6bc04f0eef43507";
  const account = { id: "a1", accountId: "kq3XvP", providerId: "credential", userId: "kq3XvP", password };

  test("a row of the users", () => {
    expect(userOf(betterAuth, row)).toMatchObject({
      id: "kq3XvP",
      email: "alice@example.com",
      emailVerified: true,
      displayName: "Alice Example",
      roles: ["editor", "user"],
      disabled: false,
      createdAt: created,
    });
    const snake = {
      ...row,
      emailVerified: undefined,
      createdAt: undefined,
      email_verified: true,
      created_at: created,
    };
    expect(userOf(betterAuth, snake)).toMatchObject({ emailVerified: true, createdAt: created });
  });

  test("a row of the accounts has the hash of its user", async () => {
    const found = betterAuth.password?.(account);
    expect(found?.key).toBe(betterAuth.passwordKey?.(row));
    expect(await opens(found?.hash, vectorPassword)).toBe(true);
    expect(await opens(found?.hash, "wrong")).toBe(false);
    // It hashes the NFKC of a password.
    expect(await opens(found?.hash, vectorPassword.normalize("NFD"))).toBe(false);
  });

  test("accounts of other providers have no password", () => {
    expect(betterAuth.password?.({ ...account, providerId: "google" })).toBeUndefined();
    const snake = { user_id: "u", provider_id: "credential", password: bcrypt };
    expect(betterAuth.password?.(snake)).toEqual({ key: "u", hash: bcrypt });
  });
});

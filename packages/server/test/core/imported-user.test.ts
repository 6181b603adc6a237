import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readImportedUser } from "../../src/core/people/imported-user.ts";
import { importedUser } from "./imported-rows.ts";

const email = "alice@example.com";
const bcrypt = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";

test("empty texts and nulls are absent fields", () => {
  const fields = {
    id: "",
    username: null,
    email,
    display_name: "",
    roles: "",
    disabled: "",
    created_at: null,
  };
  expect(readImportedUser(fields)).toEqual(importedUser(email));
});

describe("a value is read in its forms", () => {
  test.each([
    [{ id: 7 }, { id: "7" }],
    [{ roles: "editor  user" }, { roles: ["editor", "user"] }],
    [{ roles: ["editor"] }, { roles: ["editor"] }],
    [{ disabled: "t" }, { disabled: true }],
    [
      { email_verified: 1, must_change: "TRUE" },
      { emailVerified: true, mustChangePassword: true },
    ],
    [{ password_hash: bcrypt }, { passwordHash: bcrypt }],
    [{ password_hash: "!T0mZ9" }, { passwordHash: undefined }],
    [{ created_at: "2024-03-01T12:30Z" }, { createdAt: Date.UTC(2024, 2, 1, 12, 30) }],
    [{ created_at: "2024-03-01 12:30:00.5+00" }, { createdAt: Date.UTC(2024, 2, 1, 12, 30, 0, 500) }],
    [{ created_at: "2024-03-01 12:30:00" }, { createdAt: Date.UTC(2024, 2, 1, 12, 30) }],
    [{ created_at: "2024-03-01T12:30:00-05:00" }, { createdAt: Date.UTC(2024, 2, 1, 17, 30) }],
    [{ created_at: "2024-03-01" }, { createdAt: Date.UTC(2024, 2, 1) }],
    [{ created_at: 1_709_296_200_000 }, { createdAt: 1_709_296_200_000 }],
    [{ created_at: "1709296200000" }, { createdAt: 1_709_296_200_000 }],
  ])("%j", (fields, expected) => {
    expect(readImportedUser({ email, ...fields })).toMatchObject(expected);
  });
});

describe("a value that a field cannot have is named", () => {
  test.each([
    [{ email: undefined }, /^email is missing/],
    [{ email: 7 }, /^email must be a text$/],
    [{ email: `${"x".repeat(2000)}@example.com` }, /^email must not be longer than 1024 characters$/],
    [{ id: "a b" }, /^id must have 1 to 200 visible ASCII characters/],
    [{ id: "ä" }, /^id must have/],
    [{ id: "x".repeat(201) }, /^id must have/],
    [{ id: "unknown:abc" }, /^id must not begin with unknown: or erased:$/],
    [{ id: "erased:abc" }, /^id must not begin/],
    [{ roles: { editor: true } }, /^roles must be a list/],
    [{ roles: [1] }, /^roles must be texts$/],
    [{ disabled: "no" }, /^disabled must be true or false$/],
    [{ created_at: "yesterday" }, /^created_at must be a time/],
    [{ created_at: -1 }, /^created_at must be/],
    [
      { password_hash: "5f4dcc3b5aa765d61d8327deb882cf99" },
      /^password_hash cannot be checked: its form is not known/,
    ],
    [{ pasword_hash: bcrypt }, /^unknown field pasword_hash: the fields are id, username, /],
    [{ [bcrypt]: "kim" }, /^unknown field: the fields are id, username, /],
  ])("%j", (fields, problem) => {
    expect(readImportedUser({ email, ...fields })).toEqual({ problem: expect.stringMatching(problem) });
  });
});

const field = fc.constantFrom(
  "id",
  "username",
  "email",
  "roles",
  "disabled",
  "password_hash",
  "created_at",
  "x",
);
const secret = "a-secret-that-is-nowhere";
const value = fc.oneof(fc.jsonValue(), fc.string({ unit: "binary" }), fc.constant(secret), fc.integer());

test("any row is a user, or a problem in one line without its values", () => {
  fc.assert(
    fc.property(fc.dictionary(field, value), (fields) => {
      const user = readImportedUser(fields);
      if (!("problem" in user)) return;
      expect(user.problem).toMatch(/^[\x20-\x7e]{1,200}$/);
      expect(user.problem).not.toContain(secret);
    }),
    { numRuns: 2_000 },
  );
});

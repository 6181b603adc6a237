import { expect, test } from "vitest";
import { assertMayChange, powers, powersOf, rolesWith } from "../../src/core/people/powers.ts";

const login = { scopes: undefined, isMachine: false };

test.each([
  [["user"], []],
  [["admin"], powers],
  [["support"], ["users:read", "users:write", "sessions:read", "sessions:write"]],
  [["auditor"], ["users:read", "sessions:read", "audit:read", "keys:read", "clients:read", "resources:read"]],
  [["toString", "constructor", "Admin"], []],
])("a login with the roles %j has the powers %j", (roles, expected) => {
  expect([...powersOf({ ...login, roles })]).toEqual(expected);
});

test.each([
  ["users:read", ["admin", "support", "auditor"]],
  ["users:write", ["admin", "support"]],
  ["audit:read", ["admin", "auditor"]],
  ["roles:write", ["admin"]],
] as const)("the power %s belongs to the roles %j", (power, roles) => {
  expect(rolesWith(power)).toEqual(roles);
});

test("scopes limit the roles of a person, and add nothing to them", () => {
  const scopes = ["users:read", "keys:write", "notes:read"];
  expect([...powersOf({ roles: ["admin"], scopes, isMachine: false })]).toEqual(["users:read", "keys:write"]);
  expect([...powersOf({ roles: ["user"], scopes, isMachine: false })]).toEqual([]);
  expect([...powersOf({ roles: ["admin"], scopes: [], isMachine: false })]).toEqual([]);
});

test("a machine has the powers of its scopes, whatever its roles are", () => {
  expect([...powersOf({ roles: [], scopes: ["audit:read"], isMachine: true })]).toEqual(["audit:read"]);
  expect([...powersOf({ roles: ["admin"], scopes: [], isMachine: true })]).toEqual([]);
});

test.each(["admin", "support", "auditor"])("support may not change an account with the role %s", (role) => {
  const support = powersOf({ ...login, roles: ["support"] });
  expect(() => assertMayChange(support, ["user", role])).toThrow(
    expect.objectContaining({ code: "protected_account" }),
  );
  expect(() => assertMayChange(support, ["user", "editor"])).not.toThrow();
  expect(() => assertMayChange(powersOf({ ...login, roles: ["admin"] }), ["user", role])).not.toThrow();
});

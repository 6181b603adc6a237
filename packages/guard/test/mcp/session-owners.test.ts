import { beforeEach, describe, expect, it } from "vitest";
import type { Principal } from "../../src/index.ts";
import { SessionOwners } from "../../src/mcp/http/session-owners.ts";

const bound = 10_000;
const alice: Principal = {
  userId: "user:alice",
  username: "alice",
  roles: [],
  scopes: [],
  sessionId: "sign-in-1",
  expiresAt: 0,
  claims: {},
};

describe("the owners of MCP sessions", () => {
  let owners: SessionOwners;

  beforeEach(() => {
    owners = new SessionOwners();
  });

  function openMany(principal: Principal | undefined): void {
    for (let one = 0; one < bound; one++) owners.open(`many-${one}`, principal);
  }

  it("keep a user's session however many are opened without a token", () => {
    owners.open("hers", alice);
    openMany(undefined);
    expect(owners.isOwner("hers", alice)).toBe(true);
  });

  it("keep a session without a token however many a user opens", () => {
    owners.open("anonymous", undefined);
    openMany(alice);
    expect(owners.isOwner("anonymous", undefined)).toBe(true);
  });

  it.each([
    ["a user", alice],
    ["callers without a token", undefined],
  ])("forget the least recently used session of %s beyond the bound", (_name, principal) => {
    owners.open("used", principal);
    owners.open("unused", principal);
    expect(owners.isOwner("used", principal)).toBe(true);
    for (let one = 0; one < bound - 1; one++) owners.open(`many-${one}`, principal);
    expect(owners.isOwner("used", principal)).toBe(true);
    expect(owners.isOwner("unused", principal)).toBe(false);
  });

  it("never replace an owner, whether by a user or by a caller without a token", () => {
    owners.open("hers", alice);
    owners.open("hers", undefined);
    owners.open("anonymous", undefined);
    owners.open("anonymous", alice);
    expect([owners.isOwner("hers", alice), owners.isOwner("hers", undefined)]).toEqual([true, false]);
    expect([owners.isOwner("anonymous", undefined), owners.isOwner("anonymous", alice)]).toEqual([
      true,
      false,
    ]);
  });
});

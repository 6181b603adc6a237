import { format, inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { HeldToken, verifyHeld } from "../../src/mcp/held-token.ts";
import type { Principal } from "../../src/verifier.ts";
import { TokenError } from "../../src/verifier.ts";

const canary = "a-canary-that-is-no-token";
const held = new HeldToken(canary);

it.each([
  ["inspected", () => inspect({ held }, { depth: null, showHidden: true, getters: true })],
  ["inspected through a proxy", () => inspect(new Proxy(held, {}), { showProxy: true, showHidden: true })],
  ["formatted", () => format("%s %o %O %j %d", held, held, held, held, held)],
  ["put into text", () => `${held}`],
  ["serialised", () => JSON.stringify({ held, list: [held] })],
  ["cloned", () => inspect(structuredClone({ held }))],
  ["spread", () => inspect({ ...held, keys: Reflect.ownKeys(held), entries: Object.entries(held) })],
  ["put into an error", () => inspect(new Error("no", { cause: held }))],
])("a held token shows nothing when it is %s", (_how, show) => {
  expect(show()).not.toContain(canary);
});

it("a held token can be compared", () => {
  expect(held.matches(new HeldToken(canary))).toBe(true);
  expect(held.matches(new HeldToken(`${canary}x`))).toBe(false);
  expect(new HeldToken(undefined).matches(new HeldToken(undefined))).toBe(false);
});

describe("a held token that a guard has verified", () => {
  const principal: Principal = {
    ...{ userId: "u", username: "uma", roles: [], scopes: [] },
    ...{ sessionId: "s", expiresAt: 0, claims: {} },
  };
  const guardOf = (recall?: (token: string) => Principal | undefined) => ({
    verify: vi.fn(async () => principal),
    ...(recall !== undefined && { recall: vi.fn(recall) }),
  });

  it("is recalled by the same guard, with the principal of its verification", async () => {
    const guard = guardOf(() => ({ ...principal, roles: ["admin"] }));
    const first = await verifyHeld(held, guard);
    expect(guard.recall).not.toHaveBeenCalled();
    const second = await verifyHeld(first.token, guard);
    expect(second.principal).toBe(principal);
    expect(guard.recall).toHaveBeenCalledExactlyOnceWith(canary);
    expect(guard.verify).toHaveBeenCalledTimes(1);
  });

  it("is refused if the recall refuses it", async () => {
    const guard = guardOf(() => {
      throw new TokenError("token_revoked");
    });
    const { token } = await verifyHeld(held, guard);
    await expect(verifyHeld(token, guard)).rejects.toMatchObject({ code: "token_revoked" });
  });

  it("is refused as `keys_unavailable` if the recall fails", async () => {
    const guard = guardOf(() => {
      throw new Error(`database down: ${canary}`);
    });
    const { token } = await verifyHeld(held, guard);
    const refusal = await verifyHeld(token, guard).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "keys_unavailable" });
    expect(inspect(refusal)).not.toContain(canary);
  });

  it.each([
    ["the cache has lost it", guardOf(() => undefined)],
    ["the guard has no recall", guardOf()],
  ])("is verified again if %s", async (_reason, guard) => {
    const { token } = await verifyHeld(held, guard);
    await verifyHeld(token, guard);
    expect(guard.verify).toHaveBeenCalledTimes(2);
  });

  it("is verified by another guard, which never recalls it unverified", async () => {
    const other = guardOf(() => principal);
    const { token } = await verifyHeld(held, guardOf());
    await verifyHeld(token, other);
    expect(other.verify).toHaveBeenCalledTimes(1);
    expect(other.recall).not.toHaveBeenCalled();
  });
});

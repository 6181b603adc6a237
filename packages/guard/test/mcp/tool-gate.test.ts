import { describe, expect, it } from "vitest";
import { allow, type Principal, TokenError } from "../../src/index.ts";
import { HeldToken, verifyHeld } from "../../src/mcp/held-token.ts";
import { ToolGate } from "../../src/mcp/tools/tool-gate.ts";

const uma: Principal = Object.freeze({
  userId: "user:uma",
  username: "uma",
  roles: ["user"],
  scopes: ["notes:write"],
  sessionId: "session-uma",
  expiresAt: 0,
  claims: {},
});
const admin: Principal = Object.freeze({ ...uma, userId: "user:admin", roles: ["admin"] });
const guard = { verify: async () => uma };
const user = allow.roles("user");
const reader = allow.scopes("notes:read");

describe("a decision that the HTTP gate hands on", () => {
  const first = new ToolGate({ guard, tools: { search: user, read: reader } });
  const held = async () => {
    const token = new HeldToken("uma");
    await first.decideCall("search", { principal: uma, token });
    return token;
  };
  const allowed = { allowed: true };

  it("counts for the same token, rule and principal", async () => {
    const second = new ToolGate({ guard, tools: { search: user } });
    expect(await second.decideCall("search", { principal: uma, token: await held() })).toEqual(allowed);
  });

  it("does not count for another tool", async () => {
    const token = await held();
    expect(await first.decideCall("read", { principal: uma, token })).toMatchObject({ allowed: false });
    expect(await first.decideCall("unlisted", { principal: uma, token })).toMatchObject({ allowed: false });
  });

  it("does not count for another rule of the same tool", async () => {
    const stricter = new ToolGate({ guard, tools: { search: allow.roles("admin") } });
    const decision = await stricter.decideCall("search", { principal: uma, token: await held() });
    expect(decision).toMatchObject({ allowed: false });
  });

  it("does not count for another principal", async () => {
    const decision = await first.decideCall("search", { principal: admin, token: await held() });
    expect(decision).toMatchObject({ allowed: false });
  });

  it("does not count if scopes include others", async () => {
    const implies = { "notes:write": ["notes:read"] };
    const lenient = new ToolGate({ guard, tools: { read: reader }, implies });
    const token = new HeldToken("uma");
    expect(await lenient.decideCall("read", { principal: uma, token })).toEqual(allowed);
    expect(await first.decideCall("read", { principal: uma, token })).toMatchObject({ allowed: false });
  });
});

describe("a verification that the HTTP gate hands on", () => {
  /** A guard with a recall that always knows the token. */
  function countingGuard() {
    const counting = {
      verifications: 0,
      verify: async () => {
        counting.verifications++;
        return uma;
      },
      recall: () => uma,
    };
    return counting;
  }

  it("counts, also if the call repeats the token in its arguments", async () => {
    const counting = countingGuard();
    const { token } = await verifyHeld(new HeldToken("uma"), counting);
    const gate = new ToolGate({ guard: counting, tools: {} });
    const source = { bearers: [token], local: false };
    for (const field of [undefined, new HeldToken("uma")]) {
      expect((await gate.authenticate(field, source)).principal).toBe(uma);
    }
    expect(counting.verifications).toBe(1);
  });

  it("does not count for another guard", async () => {
    const { token } = await verifyHeld(new HeldToken("uma"), countingGuard());
    const refusing = { verify: () => Promise.reject(new TokenError("invalid_token")), recall: () => uma };
    const gate = new ToolGate({ guard: refusing, tools: {} });
    const authenticated = gate.authenticate(undefined, { bearers: [token], local: false });
    await expect(authenticated).rejects.toMatchObject({ code: "invalid_token" });
  });

  it("does not count for another token object with the same text", async () => {
    const counting = countingGuard();
    await verifyHeld(new HeldToken("uma"), counting);
    const gate = new ToolGate({ guard: counting, tools: {} });
    await gate.authenticate(undefined, { bearers: [new HeldToken("uma")], local: false });
    expect(counting.verifications).toBe(2);
  });
});

import { TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { beforeAll, describe, expect, it } from "vitest";
import { guardMcp } from "../../src/mcp/index.ts";
import { guardMcp as guardMcpV1 } from "../../src/mcp/v1.ts";
import { rules } from "./notes-policy.ts";

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await TestIssuer.make();
});

const base = () => ({ guard: issuer.guard(), tools: rules, resource: "https://notes.example/mcp" });

describe("a policy over HTTP says what a request without a bearer header gets", () => {
  it("a challenge, or the tools with a field for the token", () => {
    guardMcpV1(base());
    guardMcpV1({ ...base(), withoutBearer: "challenge" });
    guardMcpV1({ ...base(), withoutBearer: "field", tokenField: "token" });
    () => {
      // @ts-expect-error a field needs a choice
      guardMcpV1({ ...base(), tokenField: "token" });
      // @ts-expect-error a challenge leaves no request for a field
      guardMcpV1({ ...base(), withoutBearer: "challenge", tokenField: "token" });
      // @ts-expect-error a field needs a name
      guardMcpV1({ ...base(), withoutBearer: "field" });
    };
  });

  it.each([
    [{ tokenField: "token" }, /^guardMcp: tokenField .*: leave it out, or set withoutBearer: "field"$/],
    [
      { withoutBearer: "challenge", tokenField: "token" },
      /^guardMcp: tokenField .* set withoutBearer: "field"$/,
    ],
    [{ withoutBearer: "field" }, /^guardMcp: withoutBearer: "field" needs tokenField/],
    [
      { withoutBearer: "open", tokenField: "token" },
      /^guardMcp: withoutBearer must be "challenge" or "field"$/,
    ],
    [{ scopesSupported: "notes:read" }, /^guardMcp: scopesSupported must be a list of scopes/],
    [{ scopesSupported: ['a", error="none'] }, /^guardMcp: scopesSupported must be a list of scopes/],
  ])("a program without types gets an error at its start: %j", (wrong, message) => {
    // As a program without types calls them.
    for (const guarded of [
      () => Reflect.apply(guardMcpV1, undefined, [{ ...base(), ...wrong }]),
      () => Reflect.apply(guardMcp, undefined, [async () => new Response(), { ...base(), ...wrong }]),
    ]) {
      expect(guarded).toThrow(message);
    }
  });
});

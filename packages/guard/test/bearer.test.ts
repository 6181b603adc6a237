import { describe, expect, test } from "vitest";
import { bearerIn, challengeOf, isScope, refusalBody } from "../src/bearer.ts";
import { TokenError, type TokenErrorCode } from "../src/index.ts";

/** Every code with its status and challenge. The compiler reports a missing one. */
const refusals: Record<TokenErrorCode, readonly [status: number, challenge: string | undefined]> = {
  missing_token: [401, "Bearer"],
  invalid_token: [401, 'Bearer error="invalid_token", error_description="The access token is not valid"'],
  token_expired: [401, 'Bearer error="invalid_token", error_description="The access token has expired"'],
  token_revoked: [
    401,
    'Bearer error="invalid_token", error_description="The session of this access token has ended"',
  ],
  token_mismatch: [
    401,
    'Bearer error="invalid_token", error_description="The call carries two different access tokens"',
  ],
  forbidden: [403, undefined],
  insufficient_scope: [
    403,
    'Bearer error="insufficient_scope", error_description="The access token lacks a scope that this needs"',
  ],
  keys_unavailable: [503, undefined],
  revocations_unavailable: [503, undefined],
};

describe("the token of a header (RFC 6750 §2.1)", () => {
  test.each<[header: string | null | undefined, token: string | undefined]>([
    [undefined, undefined],
    [null, undefined],
    ["", undefined],
    ["Bearer", undefined],
    ["Bearer ", undefined],
    ["Bearer   ", undefined],
    ["Bearer a.b.c", "a.b.c"],
    ["bearer a.b.c", "a.b.c"],
    ["BEARER   a.b.c  ", "a.b.c"],
    ["Bearer\ta.b.c", undefined],
    [" Bearer a.b.c", undefined],
    ["Bearera.b.c", undefined],
    ["Basic YTpi", undefined],
    ["Basic YTpi, Bearer a.b.c", undefined],
    ["DPoP a.b.c", undefined],
    ["Bearer a.b.c, Bearer d.e.f", "a.b.c, Bearer d.e.f"],
    ["Bearer Bearer a.b.c", "Bearer a.b.c"],
  ])("%j: %j", (header, token) => expect(bearerIn(header)).toBe(token));
});

describe("the challenge (RFC 6750 §3)", () => {
  test.each(Object.entries(refusals))("of %s: %j", (name, [status, challenge]) => {
    const error = new TokenError(codeOf(name));
    expect(error.status).toBe(status);
    expect(challengeOf(error)).toBe(challenge);
    expect(refusalBody(error)).toEqual({ detail: error.message, message: error.message, code: name });
  });

  test.each(Object.keys(refusals))("has a message that can be quoted: %s", (name) => {
    // The characters of an error_description.
    expect(new TokenError(codeOf(name)).message).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/);
  });

  test("does not contain the reason, which is for the log", () => {
    const error = new TokenError("invalid_token", "a reason of its own");
    expect(challengeOf(error)).not.toContain("reason");
    expect(JSON.stringify(refusalBody(error))).not.toContain("reason");
  });

  test("names all needed scopes, and the resource metadata (RFC 9728 §5.1)", () => {
    const error = new TokenError("insufficient_scope", "", ["notes:read", "notes:write"]);
    const metadataUrl = "https://api.example/.well-known/oauth-protected-resource";
    const hint = { metadataUrl, scopes: [] };
    expect(challengeOf(error, hint)).toBe(
      `${refusals.insufficient_scope[1]}, scope="notes:read notes:write", resource_metadata="${metadataUrl}"`,
    );
    expect(challengeOf(new TokenError("missing_token"), hint)).toBe(
      `Bearer resource_metadata="${metadataUrl}"`,
    );
    expect(challengeOf(new TokenError("forbidden", "", ["notes:read"]), hint)).toBeUndefined();
  });

  test("names the scopes of a sign-in in a 401, and those of the call in a 403", () => {
    const hint = { metadataUrl: "https://api.example/m", scopes: ["notes:read", 'a"b'] };
    for (const code of ["missing_token", "invalid_token", "token_expired"] as const) {
      expect(challengeOf(new TokenError(code), hint)).toContain('scope="notes:read", resource_metadata=');
    }
    expect(challengeOf(new TokenError("insufficient_scope", "", ["notes:write"]), hint)).toContain(
      'scope="notes:write", resource_metadata=',
    );
  });

  test("leaves out a text that is not a scope", () => {
    const scopes = ['a", error="none', "a\r\nSet-Cookie: b=c", "a b", "", "ä", "notes:read"];
    expect(challengeOf(new TokenError("insufficient_scope", "", scopes))).toBe(
      `${refusals.insufficient_scope[1]}, scope="notes:read"`,
    );
    expect(scopes.filter(isScope)).toEqual(["notes:read"]);
  });
});

function codeOf(name: string): TokenErrorCode {
  const code = (Object.keys(refusals) as TokenErrorCode[]).find((one) => one === name);
  if (code === undefined) throw new Error(`no such code: ${name}`);
  return code;
}

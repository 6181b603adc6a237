import { codeOf } from "@latchkey/testkit/mcp/issuer";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { describe, expect, test } from "vitest";
import { ecSigner, goodClaims, goodHeader, guardOf, handMade } from "./hand-made.ts";

const ours = ecSigner();
const theirs = ecSigner();
const guard = guardOf({ k1: ours, k2: theirs });

/** An object with members before and after it. */
function around(value: object, before: string, after = ""): string {
  const members = JSON.stringify(value).slice(1, -1);
  return `{${[before, members, after].filter((part) => part !== "").join(",")}}`;
}

// RFC 7515 §4, RFC 7519 §4: refuse, or take the last as ECMAScript's JSON does. The last counts here, as for
// every reader with such a parser.
describe("a repeated name", () => {
  test.each<[string, string, string, string]>([
    ['alg "none", then ES256', '"alg":"none"', "", "accepted"],
    ['ES256, then alg "none"', "", '"alg":"none"', "invalid_token"],
    ["HS256, then ES256", '"alg":"HS256"', "", "accepted"],
    ["ES256, then HS256", "", '"alg":"HS256"', "invalid_token"],
    ["another kid before", '"kid":"k2"', "", "accepted"],
    ["another kid after", "", '"kid":"k2"', "invalid_token"],
    ["another typ after", "", '"typ":"JWT"', "invalid_token"],
    ["the name with an escape", "", '"\\u0061lg":"none"', "invalid_token"],
    ["another case is another name", "", '"ALG":"none"', "accepted"],
  ])("header: %s", async (_name, before, after, code) => {
    const token = handMade(around(goodHeader, before, after), goodClaims, ours.sign);
    expect(await codeOf(guard.verify(token))).toBe(code);
    if (code === "accepted") expect(decodeProtectedHeader(token)).toMatchObject(goodHeader);
    else expect(decodeProtectedHeader(token)).not.toMatchObject({ ...goodHeader });
  });

  test.each<[string, string, Record<string, unknown>]>([
    ['"sub":"admin"', "", { userId: "user:alice" }],
    ["", '"sub":"user:bob"', { userId: "user:bob" }],
    ["", '"\\u0073ub":"user:bob"', { userId: "user:bob" }],
    ['"roles":["admin"]', "", { roles: ["user", "premium"] }],
    ["", '"roles":[]', { roles: [] }],
    ['"exp":1', "", { userId: "user:alice" }],
    ['"sid":"session-0"', "", { sessionId: "session-1" }],
    ["", '"sid":"session-2"', { sessionId: "session-2" }],
  ])("claims: %s before, %s after", async (before, after, principal) => {
    const token = handMade(goodHeader, around(goodClaims, before, after), ours.sign);
    const read = await guard.verify(token);
    expect(read).toMatchObject(principal);
    expect(read.claims).toEqual(decodeJwt(token));
  });

  test.each<[string, string]>([
    ['"exp":1', "token_expired"],
    ['"iss":"https://other.example"', "invalid_token"],
    ['"aud":"https://other.example"', "invalid_token"],
    ['"nbf":1e400', "invalid_token"],
    ['"sub":null', "invalid_token"],
    ['"sid":null', "invalid_token"],
  ])("claims: the good one, then %s", async (after, code) => {
    expect(await codeOf(guard.verify(handMade(goodHeader, around(goodClaims, "", after), ours.sign)))).toBe(
      code,
    );
  });
});

describe("names that reach a prototype", () => {
  test.each([
    '"__proto__":{"roles":["admin"]}',
    '"__proto__":null',
    '"\\u005f_proto__":{"sub":"admin"}',
    '"deep":{"__proto__":{"admin":true}}',
    '"deep":[[{"a":{"__proto__":{"admin":true}}}]]',
  ])("%s is refused: in a copy it would become the prototype", async (member) => {
    const token = handMade(goodHeader, around(goodClaims, member), ours.sign);
    expect(await codeOf(guard.verify(token))).toBe("invalid_token");
    expect(guard.recall(token)).toBeUndefined();
    expect(Object.hasOwn(Object.prototype, "admin")).toBe(false);
  });

  test.each([
    '"constructor":{"prototype":{"admin":true}}',
    '"toString":"admin"',
    '"hasOwnProperty":true',
    '"toJSON":"admin"',
    '"then":"admin"',
    '"valueOf":null',
    '"":"admin"',
  ])("%s is an ordinary claim", async (member) => {
    const token = handMade(goodHeader, around(goodClaims, member), ours.sign);
    const { claims, ...principal } = await guard.verify(token);
    const { claims: others, ...usual } = await guard.verify(handMade(goodHeader, goodClaims, ours.sign));
    expect(principal).toEqual(usual);
    expect(claims).toEqual({ ...others, ...JSON.parse(`{${member}}`) });
    expect(Object.hasOwn(Object.prototype, "admin")).toBe(false);
  });

  test.each([
    '"__proto__":{"alg":"none"}',
    '"__proto__":{"kid":"k2"}',
    '"constructor":{"prototype":{"alg":"none"}}',
  ])("in the header, %s changes nothing", async (member) => {
    const token = handMade(around(goodHeader, member), goodClaims, ours.sign);
    expect(await codeOf(guard.verify(token))).toBe("accepted");
  });

  test.each(["alg", "kid"])("a header with an inherited %s is refused", async (name) => {
    const { [name]: value, ...others } = goodHeader;
    const header = around(others, `"__proto__":${JSON.stringify({ [name]: value })}`);
    expect(await codeOf(guard.verify(handMade(header, goodClaims, ours.sign)))).toBe("invalid_token");
  });

  test.each(["iss", "aud", "sub", "exp"])("claims with an inherited %s are refused", async (name) => {
    const { [name]: value, ...others } = goodClaims;
    const claims = around(others, `"__proto__":${JSON.stringify({ [name]: value })}`);
    expect(await codeOf(guard.verify(handMade(goodHeader, claims, ours.sign)))).toBe("invalid_token");
  });
});

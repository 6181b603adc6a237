import { codeOf, start } from "@latchkey/testkit/mcp/issuer";
import { describe, expect, test } from "vitest";
import { ecSigner, goodClaims, goodHeader, guardOf, handMade } from "./hand-made.ts";

const signer = ecSigner();
const guard = guardOf({ k1: signer });
const { iss, aud } = { iss: "https://login.example", aud: "https://api.example" };

/** A token with claims written as text, for values that `JSON.stringify` cannot write. */
function saying(name: string, json: string): string {
  const others = Object.entries(goodClaims).filter(([other]) => other !== name);
  const members = others.map(([other, value]) => `${JSON.stringify(other)}:${JSON.stringify(value)}`);
  return handMade(goodHeader, `{${[...members, `${JSON.stringify(name)}:${json}`].join(",")}}`, signer.sign);
}

describe("a malformed claim, signed by the issuer itself", () => {
  const listed = (name: string, code: string, ...values: string[]) =>
    values.map((json) => [name, json, code] as const);
  test.each([
    ...listed(
      "exp",
      "invalid_token",
      '"1700000060"',
      `[${start + 60}]`,
      "{}",
      "null",
      "true",
      '""',
      '"tomorrow"',
    ),
    ...listed("exp", "invalid_token", "1e400", "1e300", "8640000000001", "9007199254740993", '"Infinity"'),
    ...listed("exp", "token_expired", "-1", "0", "-1e400", String(start), "1e-400", String(start - 0.5)),
    ...listed("exp", "accepted", String(start + 0.5), "8640000000000", "1.70000006e9"),
    ...listed("nbf", "invalid_token", '"1700000000"', "null", "[]", "{}", "true", String(start + 1), "1e400"),
    ...listed("nbf", "accepted", String(start), "0", "-1e400"),
    ...listed("iat", "invalid_token", '"1700000000"', "null", "[]", "{}", "true"),
    // Clocks differ. Only `nbf` forbids an early use.
    ...listed("iat", "accepted", String(start + 3_600), "0"),
    // CVE-2020-26160: an audience in an unexpected form counted as a missing one.
    ...listed(
      "aud",
      "invalid_token",
      "[]",
      "{}",
      "null",
      "5",
      "true",
      '""',
      '[""]',
      `[["${aud}"]]`,
      '"*"',
      '".*"',
    ),
    ...listed(
      "aud",
      "invalid_token",
      `{"0":"${aud}","length":1}`,
      `{"${aud}":true}`,
      `[{"toString":"${aud}"}]`,
    ),
    ...listed(
      "aud",
      "invalid_token",
      `"${aud} https://b.example"`,
      `"${aud},x"`,
      `["x ${aud}"]`,
      `"${aud}\\u0000"`,
    ),
    ...listed("aud", "accepted", `["${aud}"]`, `["https://b.example","${aud}"]`),
    // CVE-2025-30144: a list of issuers with the right one among others.
    ...listed(
      "iss",
      "invalid_token",
      `["${iss}"]`,
      `["https://b.example","${iss}"]`,
      "{}",
      "null",
      "5",
      '""',
      "[]",
    ),
    ...listed(
      "iss",
      "invalid_token",
      `{"toString":"${iss}"}`,
      `[["${iss}"]]`,
      `"${iss}\\u0000"`,
      `" ${iss}"`,
    ),
    ...listed(
      "sub",
      "invalid_token",
      "{}",
      "[]",
      "null",
      "5",
      "true",
      '""',
      '["user:alice"]',
      '{"sub":"user:alice"}',
    ),
    // A session without a readable id could never be ended.
    ...listed("sid", "invalid_token", "{}", "[]", "null", "5", "0", "true", '""', '["session-1"]'),
    ...listed("sid", "accepted", '"session-2"'),
  ])("%s: %s is %s", async (name, json, code) => {
    expect(await codeOf(guard.verify(saying(name, json)))).toBe(code);
  });

  test.each<[string, string, readonly string[]]>([
    ["roles", '"admin"', []],
    ["roles", '{"0":"admin","length":1}', []],
    ["roles", '{"admin":true}', []],
    ["roles", "5", []],
    ["roles", "true", []],
    ["roles", '[["admin"],{"role":"admin"},5,null,true]', []],
    ["roles", '[["admin"],"user",5]', ["user"]],
    ["roles", '"user,admin"', []],
    ["roles", '["user,admin"]', ["user,admin"]],
  ])("%s: %s gives the roles %j", async (name, json, roles) => {
    expect(await guard.verify(saying(name, json))).toMatchObject({ roles });
  });

  test.each<[string, readonly string[]]>([
    ['"admin"', []],
    ["null", []],
    ['["admin"]', []],
    ['{"roles":"admin"}', []],
    ['{"roles":{"0":"admin","length":1}}', []],
    ['{"roles":[["admin"],5,"user"]}', ["user"]],
    ['{"__proto_":{"roles":["admin"]}}', []],
    ['{"roles":["user"]}', ["user"]],
  ])("realm_access: %s gives the roles %j", async (json, roles) => {
    const { roles: _none, ...others } = goodClaims;
    const claims = `${JSON.stringify(others).slice(0, -1)},"realm_access":${json}}`;
    expect(await guard.verify(handMade(goodHeader, claims, signer.sign))).toMatchObject({ roles });
  });

  test.each<[string, readonly string[]]>([
    ['["notes:write"]', []],
    ['{"0":"notes:write"}', []],
    ["5", []],
    ["null", []],
    ['"  a  b "', ["a", "b"]],
    ['"a\\tb"', ["a\tb"]],
    ['"a,b"', ["a,b"]],
    ['"a\\u00a0b"', ["a\u00a0b"]],
    ['""', []],
  ])("scope: %s gives the scopes %j", async (json, scopes) => {
    expect(await guard.verify(saying("scope", json))).toMatchObject({ scopes });
  });

  test.each(['""', "null", "5", "{}", '["admin"]'])(
    "preferred_username: %s leaves the user's id",
    async (json) => {
      expect(await guard.verify(saying("preferred_username", json))).toMatchObject({
        username: "user:alice",
      });
    },
  );
});

describe("claims that are not an object", () => {
  const bytes = (...numbers: number[]) => Uint8Array.from(numbers);
  test.each<[string, string | Uint8Array]>([
    ["nothing to read", " "],
    ["null", "null"],
    ["a number", "5"],
    ["a text", JSON.stringify(JSON.stringify(goodClaims))],
    ["a list", JSON.stringify([goodClaims])],
    ["two objects", JSON.stringify(goodClaims).repeat(2)],
    ["an object and more", `${JSON.stringify(goodClaims)},`],
    ["a comment", `/**/${JSON.stringify(goodClaims)}`],
    ["a name without quotation marks", JSON.stringify(goodClaims).replace('"sub"', "sub")],
    ["bytes that are no UTF-8", bytes(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d)],
    ["a surrogate in UTF-8", bytes(0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d)],
    ["UTF-16", Buffer.from(JSON.stringify(goodClaims), "utf16le")],
  ])("%s", async (_name, claims) => {
    expect(await codeOf(guard.verify(handMade(goodHeader, claims, signer.sign)))).toBe("invalid_token");
  });
});

describe("an issuer or an audience that looks like the right one", () => {
  const near = (name: string) => [
    `${name}/`,
    `${name}.`,
    `${name}#`,
    `${name}?`,
    `${name}:443`,
    `${name}/..`,
    name.slice(0, -1),
    name.toUpperCase(),
    name.replace("https", "HTTPS"),
    name.replace("https", "http"),
    name.replace("example", "Example"),
    name.replace("example", "еxample"),
    name.replace("a", "а"),
    name.replace("l", "ｌ"),
    name.replace("e", "e\u0301"),
    name.replace(".", "。"),
    name.replace("//", "//user@"),
    name.replace("e", "%65"),
    `${name}\u0000`,
    `${name}\u200b`,
    `${name} `,
    ` ${name}`,
    `${name}\n`,
    `\ufeff${name}`,
    `${name}.attacker.example`,
    `https://attacker.example/${name}`,
  ];
  test.each([
    ...near(iss).map((value) => ["iss", value] as const),
    ...near(aud).map((value) => ["aud", value] as const),
  ])("%s %j", async (name, value) => {
    expect([iss, aud]).not.toContain(value);
    expect(await codeOf(guard.verify(saying(name, JSON.stringify(value))))).toBe("invalid_token");
    expect(await codeOf(guard.verify(saying(name, JSON.stringify([value]))))).toBe("invalid_token");
  });
});

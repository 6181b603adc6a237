import { describe, expect, test } from "vitest";
import { allow, type Rule, soundRule } from "../src/rules/allow.ts";

const always = () => true;

describe("a rule cannot be made from", () => {
  test.each<[string, (...given: never[]) => unknown, unknown[]]>([
    ["no role", allow.roles, []],
    ["an empty role", allow.roles, ["admin", ""]],
    ["a role that is not a text", allow.roles, [undefined]],
    ["a list of roles as one", allow.roles, [["admin"]]],
    ["no scope", allow.scopes, []],
    ["an empty scope", allow.scopes, [""]],
    ["a scope that is not a text", allow.scopes, [null]],
    ["a list of scopes as one", allow.scopes, [["notes:read"]]],
    ["two scopes as one", allow.scopes, ["notes:read notes:write"]],
    ["a scope with a quotation mark", allow.scopes, ['notes", error="none']],
    ["a scope with a backslash", allow.scopes, ["notes\\"]],
    ["a scope with a line of its own", allow.scopes, ["notes\r\nSet-Cookie: a=b"]],
    ["a scope outside ASCII", allow.scopes, ["nötes"]],
    ["no condition", allow.when, []],
    ["a condition that is its answer", allow.when, [true]],
    ["a rule that is missing", allow.all, [allow.roles("admin"), undefined]],
    ["a list of rules as one", allow.any, [[allow.roles("admin")]]],
    ["something else", allow.all, [{ kind: "everybody" }]],
  ])("%s", (_name, make, given) => {
    expect(() => Reflect.apply(make, allow, given)).toThrow(TypeError);
  });
});

describe("a rule is immutable", () => {
  test.each<[string, Rule<never>]>([
    ["roles", allow.roles("admin")],
    ["scopes", allow.scopes("notes:read")],
    ["all", allow.all(allow.roles("admin"))],
    ["any", allow.any(allow.roles("admin"))],
    ["when", allow.when(always)],
  ])("%s", (kind, rule) => {
    expect(rule.kind).toBe(kind);
    expect(Object.isFrozen(rule)).toBe(true);
    expect(soundRule(rule)).toBe(rule);
    for (const part of Object.values(rule)) if (Array.isArray(part)) expect(Object.isFrozen(part)).toBe(true);
  });

  test("also when the list that it was made from changes", () => {
    const names: [string, ...string[]] = ["admin"];
    const rules: Rule<unknown>[] = [allow.roles(...names)];
    const rule = allow.all(...rules);
    names.push("user");
    rules.length = 0;
    expect(rule).toEqual({ kind: "all", rules: [{ kind: "roles", anyOf: ["admin"] }] });
  });
});

describe("a rule from elsewhere, such as a file", () => {
  test("is copied, and each member is read once", () => {
    let reads = 0;
    const changing: Rule<unknown> = {
      get kind() {
        reads += 1;
        return "scopes" as const;
      },
      get allOf() {
        reads += 1;
        return ["notes:read"];
      },
    };
    const rule = soundRule(changing);
    expect(rule).toEqual({ kind: "scopes", allOf: ["notes:read"] });
    expect(Object.isFrozen(rule)).toBe(true);
    expect(reads).toBe(2);
  });

  test.each(rulesFromElsewhere())("is not a rule: %s", (text) => {
    expect(() => soundRule(JSON.parse(text))).toThrow(TypeError);
  });
});

/** Values from a file that are not rules. Accepted, they would allow something. */
function rulesFromElsewhere(): string[] {
  return [
    "null",
    "true",
    '"admin"',
    "[]",
    "{}",
    '{"kind":"everybody"}',
    '{"kind":"__proto__"}',
    '{"kind":"constructor"}',
    '{"kind":"toString"}',
    '{"kind":"roles"}',
    '{"kind":"roles","anyOf":[]}',
    '{"kind":"roles","anyOf":"admin"}',
    '{"kind":"scopes"}',
    '{"kind":"scopes","allOf":[]}',
    '{"kind":"scopes","allOf":""}',
    '{"kind":"scopes","allOf":{"length":0}}',
    '{"kind":"scopes","anyOf":["notes:read"]}',
    '{"kind":"all"}',
    '{"kind":"all","rules":{}}',
    '{"kind":"all","rules":[{"kind":"all","rules":[{"kind":"scopes","allOf":[]}]}]}',
    '{"kind":"any","rules":[null]}',
    '{"kind":"when"}',
    '{"kind":"when","holds":true}',
    '{"kind":["all"],"rules":[]}',
  ];
}

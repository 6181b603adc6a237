import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Principal } from "../src/index.ts";
import { allow, type Rule } from "../src/rules/allow.ts";
import { type Asked, type Decision, decide, type Implications } from "../src/rules/decide.ts";

interface Who {
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
}

function principal({ roles = [], scopes = [] }: Who = {}): Principal {
  return {
    userId: "user:alice",
    username: "alice",
    roles,
    scopes,
    sessionId: undefined,
    expiresAt: 0,
    claims: {},
  };
}

const asked = { args: undefined };
const allowed: Decision = { allowed: true };
const forbidden = (reason: string): Decision => ({ allowed: false, code: "forbidden", reason });
const lacking = (...scopes: string[]): Decision => ({
  allowed: false,
  code: "insufficient_scope",
  reason: `needs scope ${scopes.join(" ")}`,
  scopes,
});

describe("a rule", () => {
  test.each<[string, Rule<undefined>, Who, Decision]>([
    ["one of the roles", allow.roles("admin", "user"), { roles: ["user"] }, allowed],
    [
      "none of the roles",
      allow.roles("admin", "user"),
      { roles: ["Admin"] },
      forbidden("needs role admin or user"),
    ],
    ["all of the scopes", allow.scopes("a", "b"), { scopes: ["b", "c", "a"] }, allowed],
    ["one of the scopes: all are named", allow.scopes("a", "b"), { scopes: ["b"] }, lacking("a", "b")],
    ["a scope is not a role", allow.roles("admin"), { scopes: ["admin"] }, forbidden("needs role admin")],
    ["a role is not a scope", allow.scopes("a"), { roles: ["a"] }, lacking("a")],
    ["all of none", allow.all(), {}, allowed],
    ["any of none", allow.any(), {}, forbidden("allowed to nobody")],
    [
      "a role is missing: no scope is named",
      allow.all(allow.scopes("a"), allow.roles("admin")),
      {},
      forbidden("needs role admin"),
    ],
    [
      "a condition fails: no scope is named",
      allow.all(
        allow.scopes("a"),
        allow.when(() => false),
      ),
      {},
      forbidden("a condition fails"),
    ],
    [
      "all scopes of all parts are named",
      allow.all(allow.scopes("a"), allow.scopes("b", "a")),
      { scopes: ["a"] },
      lacking("a", "b"),
    ],
    ["the nearest of two ways", allow.any(allow.scopes("a", "b"), allow.scopes("c")), {}, lacking("c")],
    ["the first of two that are as near", allow.any(allow.scopes("a"), allow.scopes("b")), {}, lacking("a")],
    [
      "the way of which more is there",
      allow.any(allow.scopes("c"), allow.scopes("a", "b", "d")),
      { scopes: ["a", "b", "d"] },
      allowed,
    ],
    [
      "a scope would help, and a role would too",
      allow.any(allow.roles("admin"), allow.scopes("a")),
      {},
      lacking("a"),
    ],
    [
      "every reason",
      allow.any(
        allow.roles("admin"),
        allow.when(() => false),
      ),
      {},
      forbidden("needs role admin, or a condition fails"),
    ],
  ])("%s", async (_name, rule, who, expected) => {
    expect(await decide(rule, principal(who), asked)).toEqual(expected);
  });
});

describe("a condition", () => {
  test("receives principal and arguments", async () => {
    const rule = allow.when(({ username }, { owner }: { owner: string }) => username === owner);
    expect(await decide(rule, principal(), { args: { owner: "alice" } })).toEqual(allowed);
    expect(await decide(rule, principal(), { args: { owner: "bob" } })).toEqual(
      forbidden("a condition fails"),
    );
  });

  test.each<[string, () => unknown, string]>([
    ["says no", () => false, "a condition fails"],
    ["says no later", async () => false, "a condition fails"],
    ["says nothing", () => undefined, "a condition fails"],
    ["is truthy only", () => 1, "a condition fails"],
    ["is truthy only, later", async () => "yes", "a condition fails"],
    ["gives an object", () => ({ allowed: true }), "a condition fails"],
    ["gives true in a box", () => new Boolean(true), "a condition fails"],
    ["gives a function", () => () => true, "a condition fails"],
    [
      "throws",
      () => {
        throw new Error("no");
      },
      "a condition threw",
    ],
    [
      "throws nothing",
      () => {
        throw undefined;
      },
      "a condition threw",
    ],
    [
      "throws true",
      () => {
        throw true;
      },
      "a condition threw",
    ],
    ["rejects", () => Promise.reject(new Error("no")), "a condition threw"],
    ["rejects with true", () => Promise.reject(true), "a condition threw"],
    [
      "returns a thenable that throws",
      () =>
        // biome-ignore lint/suspicious/noThenProperty: a condition may give anything
        Object.defineProperty({}, "then", {
          get() {
            throw true;
          },
        }),
      "a condition threw",
    ],
  ])("that %s denies", async (_name, holds, reason) => {
    const rule: Rule<undefined> = Reflect.apply(allow.when, allow, [holds]);
    expect(await decide(rule, principal(), asked)).toEqual(forbidden(reason));
    expect(await decide(allow.any(rule, allow.roles("user")), principal({ roles: ["user"] }), asked)).toEqual(
      allowed,
    );
  });

  test("with a promise runs once", async () => {
    let times = 0;
    // biome-ignore lint/suspicious/noThenProperty: a condition may give anything
    const once = { then: (resolve: (value: boolean) => void) => resolve(times++ > 0) };
    const rule: Rule<undefined> = Reflect.apply(allow.when, allow, [() => once]);
    expect(await decide(rule, principal(), asked)).toEqual(forbidden("a condition fails"));
    expect(times).toBe(1);
  });

  test("does not run if the outcome is certain without it", async () => {
    const asks: string[] = [];
    const condition = (name: string) =>
      allow.when(() => {
        asks.push(name);
        return true;
      });
    await decide(
      allow.all(allow.roles("admin"), condition("behind a role that is missing")),
      principal(),
      asked,
    );
    await decide(allow.any(allow.all(), condition("after a rule that allows already")), principal(), asked);
    await decide(condition("for the list"), principal(), "anything");
    expect(asks).toEqual([]);
    await decide(
      allow.all(allow.scopes("a"), condition("behind a scope, which could be got")),
      principal(),
      asked,
    );
    expect(asks).toEqual(["behind a scope, which could be got"]);
  });

  describe("that never settles", () => {
    afterEach(() => {
      vi.useRealTimers();
    });

    test("denies after ten seconds", async () => {
      vi.useFakeTimers();
      let decision: Decision | undefined;
      const work = decide(
        allow.when(() => new Promise<boolean>(() => {})),
        principal(),
        asked,
      ).then((made) => {
        decision = made;
      });
      await vi.advanceTimersByTimeAsync(9_999);
      expect(decision).toBeUndefined();
      await vi.advanceTimersByTimeAsync(1);
      await work;
      expect(decision).toEqual(forbidden("a condition did not answer"));
      expect(vi.getTimerCount()).toBe(0);
    });
  });
});

describe("a value other than a rule denies", () => {
  const cyclic = { kind: "any", rules: [] as unknown[] };
  cyclic.rules.push(cyclic, cyclic);

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["an unknown kind", { kind: "everybody" }],
    ["a kind that objects inherit", { kind: "constructor" }],
    ["scopes of none", { kind: "scopes", allOf: [] }],
    ["a scope that would end its quotation", { kind: "scopes", allOf: ['a", b="'] }],
    ["a part that is not a rule", { kind: "any", rules: [allow.all(), { kind: "everybody" }] }],
    ["one that contains itself", cyclic],
    [
      "one that throws when it is read",
      {
        get kind() {
          throw true;
        },
      },
    ],
  ])("%s", async (_name, given) => {
    const decision: Decision = await Reflect.apply(decide, undefined, [
      given,
      principal({ roles: ["admin"], scopes: ["a"] }),
      asked,
    ]);
    expect(decision).toEqual(forbidden("the rule could not be judged"));
  });

  test("a rule from a file is judged", async () => {
    const rule: Rule<unknown> = JSON.parse('{"kind":"all","rules":[{"kind":"roles","anyOf":["admin"]}]}');
    expect(await decide(rule, principal({ roles: ["admin"] }), asked)).toEqual(allowed);
    expect(await decide(rule, principal(), asked)).toEqual(forbidden("needs role admin"));
  });
});

describe("scopes that imply others", () => {
  const names = ["a", "b", "c", "__proto__", "constructor", "hasOwnProperty"];

  test.each<[string, Implications, readonly string[], string, boolean]>([
    ["directly", { write: ["read"] }, ["write"], "read", true],
    ["not the other way", { write: ["read"] }, ["read"], "write", false],
    ["through others", { all: ["write"], write: ["read"] }, ["all"], "read", true],
    ["in a circle", { a: ["b"], b: ["c"], c: ["a"] }, ["b"], "a", true],
    ["itself", { a: ["a"] }, ["a"], "b", false],
    ["members that the list inherits", Object.create({ write: ["read"] }), ["write"], "read", false],
    ["with a name that objects inherit", {}, ["constructor", "__proto__", "toString"], "name", false],
    [
      "from a value that is not a list",
      JSON.parse('{"write":"read","a":null,"b":7,"c":{"0":"read"}}'),
      ["write", "a", "b", "c"],
      "r",
      false,
    ],
  ])("%s", async (_name, implies, scopes, needed, holds) => {
    const decision = await decide(allow.scopes(needed), principal({ scopes }), asked, implies);
    expect(decision).toEqual(holds ? allowed : lacking(needed));
  });

  test("are followed through every step, whatever their names", async () => {
    const some = fc.subarray(names);
    const all = fc.array(fc.tuple(fc.constantFrom(...names), some), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(some, all, fc.constantFrom(...names), async (scopes, pairs, needed) => {
        const implies = Object.fromEntries(pairs);
        const reached = (from: string, seen: readonly string[]): boolean =>
          from === needed ||
          pairs.some(
            ([name, implied], at) =>
              name === from &&
              pairs.findLastIndex((pair) => pair[0] === name) === at &&
              implied.some((one) => !seen.includes(one) && reached(one, [...seen, one])),
          );
        const decision = await decide(allow.scopes(needed), principal({ scopes }), asked, implies);
        expect(decision.allowed).toBe(scopes.some((scope) => reached(scope, [scope])));
      }),
    );
  });
});

describe("for all rules", () => {
  const roles = ["admin", "user"];
  const scopes = ["a", "b", "c", "__proto__"];
  type Model = (who: Who, args: number) => boolean;
  interface Modelled {
    readonly rule: Rule<number>;
    /** The meaning of a rule, in plain code. */
    readonly model: Model;
  }

  const { rule: anyRule } = fc.letrec<{ rule: Modelled; leaf: Modelled }>((tie) => ({
    leaf: fc.oneof(
      fc.subarray(roles, { minLength: 1 }).map(([first = "", ...rest]) => ({
        rule: allow.roles(first, ...rest),
        model: (who: Who) => [first, ...rest].some((role) => who.roles?.includes(role)),
      })),
      fc.subarray(scopes, { minLength: 1 }).map(([first = "", ...rest]) => ({
        rule: allow.scopes(first, ...rest),
        model: (who: Who) => [first, ...rest].every((scope) => who.scopes?.includes(scope)),
      })),
      fc.tuple(fc.nat(3), fc.boolean()).map(([least, later]) => ({
        rule: allow.when((_principal, args: number) =>
          later ? Promise.resolve(args >= least) : args >= least,
        ),
        model: (_who: Who, args: number) => args >= least,
      })),
    ),
    rule: fc.oneof(
      { maxDepth: 3, depthIdentifier: "rule" },
      tie("leaf"),
      fc
        .tuple(fc.boolean(), fc.array(tie("rule"), { maxLength: 3, depthIdentifier: "rule" }))
        .map(([all, parts]) => ({
          rule: (all ? allow.all : allow.any)(...parts.map((part) => part.rule)),
          model: (who: Who, args: number) =>
            all ? parts.every((part) => part.model(who, args)) : parts.some((part) => part.model(who, args)),
        })),
    ),
  }));
  const anybody = fc.record({ roles: fc.subarray(roles), scopes: fc.subarray(scopes) });
  const anyArgs = fc.nat(3);
  const numRuns = 1_000;

  test("the outcome equals a plain evaluation", async () => {
    await fc.assert(
      fc.asyncProperty(anyRule, anybody, anyArgs, async ({ rule, model }, who, args) => {
        expect((await decide(rule, principal(who), { args })).allowed).toBe(model(who, args));
      }),
      { numRuns },
    );
  });

  test("missing scopes are named only if they would help", async () => {
    await fc.assert(
      fc.asyncProperty(anyRule, anybody, anyArgs, async ({ rule, model }, who, args) => {
        const decision = await decide(rule, principal(who), { args });
        fc.pre(!decision.allowed);
        // No scope makes up for a missing role or a failing condition.
        const helps = model({ ...who, scopes }, args);
        expect(decision.code).toBe(helps ? "insufficient_scope" : "forbidden");
        expect("scopes" in decision).toBe(helps);
      }),
      { numRuns },
    );
  });

  test("a token with the named scopes is allowed, and lacked one of them", async () => {
    await fc.assert(
      fc.asyncProperty(anyRule, anybody, anyArgs, async ({ rule }, who, args) => {
        const decision = await decide(rule, principal(who), { args });
        fc.pre(!decision.allowed && decision.code === "insufficient_scope");
        const with_ = { ...who, scopes: [...who.scopes, ...decision.scopes] };
        expect(await decide(rule, principal(with_), { args })).toEqual(allowed);
        expect(decision.scopes.some((scope) => !who.scopes.includes(scope))).toBe(true);
        expect(new Set(decision.scopes).size).toBe(decision.scopes.length);
      }),
      { numRuns },
    );
  });

  test("every tool that can be called is listed", async () => {
    await fc.assert(
      fc.asyncProperty(anyRule, anybody, anyArgs, async ({ rule }, who, args) => {
        const called = await decide(rule, principal(who), { args });
        const listed = await decide(rule, principal(who), "anything");
        expect(listed.allowed || !called.allowed).toBe(true);
      }),
      { numRuns },
    );
  });

  test("a scope that implies another counts as both", async () => {
    const implies = { a: ["b"], b: ["c"], c: ["b"] };
    const closed = (who: Who): Who => {
      const has = new Set(who.scopes);
      if (has.has("a")) has.add("b");
      if (has.has("b") || has.has("c")) has.add("b").add("c");
      return { ...who, scopes: [...has] };
    };
    await fc.assert(
      fc.asyncProperty(anyRule, anybody, anyArgs, async ({ rule }, who, args) => {
        const through = await decide(rule, principal(who), { args }, implies);
        expect(through).toEqual(await decide(rule, principal(closed(who)), { args }));
      }),
      { numRuns },
    );
  });

  test("decisions are repeatable and change no argument", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyRule,
        anybody,
        fc.oneof(
          anyArgs.map((args) => ({ args })),
          fc.constant("anything" as const),
        ),
        async ({ rule }, who, question: Asked<number>) => {
          const before = JSON.stringify([rule, who]);
          const first = await decide(rule, principal(who), question);
          expect(await decide(rule, principal(who), question)).toEqual(first);
          expect(JSON.stringify([rule, who])).toBe(before);
        },
      ),
    );
  });
});

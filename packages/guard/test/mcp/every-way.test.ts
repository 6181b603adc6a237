import { endedSession, TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { people, refusedTokens } from "@latchkey/testkit/mcp/tokens";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assertNoTokens, listed, makeWorld, outcome, type World, ways } from "./ways.ts";

/** Longest start or end of a server on a busy machine, in milliseconds. */
const timeout = 60_000;

describe.each(ways)("a client of major $client, a server of major $server, over $transport", (way) => {
  let issuer: TestIssuer;
  let world: World;

  beforeAll(async () => {
    issuer = await TestIssuer.make();
    issuer.ended.add(endedSession);
    world = await makeWorld(way, issuer);
  }, timeout);
  afterAll(async () => {
    await assertNoTokens(world, issuer);
    await world[Symbol.asyncDispose]();
  }, timeout);

  const allowed = (args: unknown, userId: string) => JSON.stringify({ args, userId });

  it("refuses a call without a token", async () => {
    expect(await outcome(world, {}, "search", { text: "a" })).toBe("missing_token");
    expect(await outcome(world, {}, "no-such-tool")).toBe("missing_token");
  });

  it.each(Object.entries(refusedTokens))(
    "refuses a token that is %s, in every place",
    async (_name, [code, make]) => {
      const token = await make(issuer);
      expect(await outcome(world, { field: token }, "search", { text: "a" })).toBe(code);
      expect(await outcome(world, { around: token }, "search", { text: "a" })).toBe(code);
      expect(await outcome(world, { field: token, around: token }, "search", { text: "a" })).toBe(code);
    },
  );

  it.each([42, null, true, ["a"], { a: 1 }, "", "x".repeat(20_000)])(
    "refuses a value that cannot be a token: %j",
    async (token) => {
      const { call } = await world.with(undefined, async (client) => ({
        call: await client.call("search", { text: "a", token }),
      }));
      expect(call).toMatchObject({ isError: true, _meta: { "latchkey/code": "invalid_token" } });
      expect(call.content[0]?.text).toBe("The access token is not valid");
    },
  );

  it("accepts a good token in every place, and hides it from the tool", async () => {
    const token = await issuer.token({ claims: people.premium });
    for (const placed of [{ field: token }, { around: token }, { field: token, around: token }]) {
      expect(await outcome(world, placed, "search", { text: "a" })).toBe(
        allowed({ text: "a" }, "user:alice"),
      );
    }
    expect(world.evidence()).toContain("handler");
  });

  it("shows no token in the error about invalid arguments", async () => {
    const token = await issuer.token({ claims: people.premium });
    for (const placed of [{ field: token }, { around: token }]) {
      expect(await outcome(world, placed, "search", { text: 1, surplus: "x" })).toContain(
        "Input validation error",
      );
    }
  });

  const twoTokens =
    way.transport === "HTTP"
      ? "refuses two different good tokens"
      : "prefers a call's own token to the environment's";
  it(twoTokens, async () => {
    const field = await issuer.token({ claims: people.user });
    const around = await issuer.token({ claims: people.premium });
    const expected = way.transport === "HTTP" ? "token_mismatch" : allowed({ text: "a" }, "user:uma");
    expect(await outcome(world, { field, around }, "search", { text: "a" })).toBe(expected);
    const expired = await issuer.token({ claims: { exp: 0 } });
    const refused = way.transport === "HTTP" ? "token_mismatch" : "token_expired";
    expect(await outcome(world, { field: expired, around }, "search", { text: "a" })).toBe(refused);
  });

  it.each([
    ["user", "search", { text: "a" }, "allowed"],
    ["premium", "search", { text: "a" }, "allowed"],
    ["admin", "search", { text: "a" }, "forbidden"],
    ["user", "recommend", { text: "a" }, "forbidden"],
    ["premium", "recommend", { text: "a" }, "allowed"],
    ["admin", "recommend", { text: "a" }, "forbidden"],
    ["user", "purge", {}, "forbidden"],
    ["admin", "purge", {}, "allowed"],
    ["user", "export", {}, "insufficient_scope"],
    ["admin", "export", {}, "forbidden"],
    ["user", "edit", { owner: "uma" }, "allowed"],
    ["user", "edit", { owner: "alice" }, "forbidden"],
    ["user", "broken", {}, "forbidden"],
    ["admin", "broken", {}, "forbidden"],
    ["user", "no-such-tool", {}, "forbidden"],
    ["user", "toString", {}, "forbidden"],
    ["user", "__proto__", {}, "forbidden"],
  ] as const)("as %s, %s %j: %s", async (person, tool, args, expected) => {
    const token = await issuer.token({ claims: people[person] });
    const end = expected === "allowed" ? allowed(args, people[person].sub) : expected;
    expect(await outcome(world, { field: token }, tool, args)).toBe(end);
    expect(await outcome(world, { around: token }, tool, args)).toBe(end);
  });

  it("lists without a token the tools without a role, with the field required", async () => {
    expect(await listed(world)).toEqual({ edit: ["owner", "token"], broken: ["token"] });
  });

  it.each([
    ["user", { search: ["text"], export: [], edit: ["owner"], broken: [] }],
    ["premium", { search: ["text"], recommend: ["text"], export: [], edit: ["owner"], broken: [] }],
    ["admin", { purge: [], edit: ["owner"], broken: [] }],
  ] as const)("lists to %s the callable tools, with the field optional", async (person, expected) => {
    expect(await listed(world, await issuer.token({ claims: people[person] }))).toEqual(expected);
  });
});

import { codeOf } from "@latchkey/testkit/mcp/issuer";
import { describe, expect, test } from "vitest";
import { json, misbehaviour, OwnIssuer } from "../own-issuer.ts";
import { nextToken, ready } from "./next-key.ts";

const day = 86_400_000;

describe("when keys cannot be read again", () => {
  const places = ["/keys", "/.well-known/openid-configuration"];
  const cases = places.flatMap((path) => Object.keys(misbehaviour).map((what) => [path, what] as const));
  test.each(cases)("known keys still count: %s answers with %s", async (path, what) => {
    await using issuer = await OwnIssuer.start();
    await using made = await ready(issuer);
    const answer = misbehaviour[what];
    if (answer === undefined) throw new Error("no such misbehaviour");
    issuer.answers
      .set(
        "/keys",
        json(() => ({}), 500),
      )
      .set(path, answer);
    const unknown = await nextToken(issuer);
    for (const _time of ["the key set", "discovery, since the key set fails"]) {
      issuer.tokens.now += 10_000;
      expect(await codeOf(made.guard.verify(unknown))).toBe("keys_unavailable");
    }
    const { keys, ok } = made.guard.health();
    expect(keys).toMatchObject({ state: "old", known: 1, problem: expect.stringMatching(/^[\w :,.'-]+$/) });
    expect(ok).toBe(true);
    expect(made.heard.all("keys.unavailable").at(-1)).toEqual({
      name: "keys.unavailable",
      reason: keys.problem,
    });
    expect(await codeOf(made.guard.verify(await issuer.token()))).toBe("accepted");
  });

  test.each([60_000, day])("known keys count for `keysMaxAge` and no longer: %i", async (keysMaxAge) => {
    await using issuer = await OwnIssuer.start();
    const claims = { exp: 1_700_000_000 + 3 * 86_400 };
    await using made = await ready(issuer, { keysMaxAge });
    const token = await issuer.token({ claims });
    await made.guard.verify(token);
    issuer.answers.set(
      "/keys",
      json(() => ({}), 500),
    );
    issuer.tokens.now += keysMaxAge;
    expect(await codeOf(made.guard.verify(token))).toBe("accepted");
    issuer.tokens.now += 1;
    expect(made.guard.health()).toMatchObject({ ok: false, keys: { state: "none" } });
    expect(made.guard.recall(token)).toBeUndefined();
    expect(await codeOf(made.guard.verify(token))).toBe("keys_unavailable");
    issuer.answers.clear();
    issuer.tokens.now += 10_000;
    expect(await codeOf(made.guard.verify(token))).toBe("accepted");
  });
});

import { type CryptoKey, exportJWK, generateKeyPair } from "jose";
import { describe, expect, test } from "vitest";
import { codeOf } from "../issuer.ts";
import { json, Listener, misbehaviour, OwnIssuer } from "../own-issuer.ts";

const next = await generateKeyPair("ES256");
const day = 86_400_000;

async function published(key: CryptoKey, kid: string): Promise<Record<string, unknown>> {
  return { ...(await exportJWK(key)), kid, alg: "ES256", use: "sig" };
}

/** An hour's token signed by the next key. */
function nextToken(issuer: OwnIssuer): Promise<string> {
  return issuer.token({ header: { kid: "k2" }, key: next.privateKey });
}

/** A guard that need not follow anything, and is ready. */
async function ready(issuer: OwnIssuer, options: Parameters<OwnIssuer["guard"]>[0] = {}) {
  const heard = new Listener();
  const guard = issuer.guard({ follow: false, onEvent: heard.onEvent, ...options });
  await guard.ready();
  return { guard, heard, [Symbol.asyncDispose]: () => guard[Symbol.asyncDispose]() };
}

describe("keys are read", () => {
  test("once, at the first use, however many tokens come at once", async () => {
    await using issuer = await OwnIssuer.start();
    await using guard = issuer.guard({ follow: false });
    expect(issuer.requests).toEqual([]);
    const tokens = await Promise.all([1, 2, 3].map((jti) => issuer.token({ claims: { jti } })));
    await Promise.all(tokens.map((token) => guard.verify(token)));
    expect(issuer.requests).toEqual(["/.well-known/openid-configuration", "/keys"]);
  });

  test("again for a kid that is not known: a key that was added is found", async () => {
    await using issuer = await OwnIssuer.start();
    await using made = await ready(issuer);
    issuer.keys.push(await published(next.publicKey, "k2"));
    issuer.tokens.now += 10_000;
    expect(await codeOf(made.guard.verify(await nextToken(issuer)))).toBe("accepted");
    expect(issuer.asked("/keys")).toBe(2);
    expect(made.heard.all("keys.refreshed").at(-1)).toEqual({ name: "keys.refreshed", known: 2 });
    // From where the keys were before: nobody else is asked.
    expect(issuer.asked("/.well-known/openid-configuration")).toBe(1);
  });

  test("once for a flood of kids that somebody made up, and again ten seconds later", async () => {
    await using issuer = await OwnIssuer.start();
    await using made = await ready(issuer);
    const flood = async () => {
      const tokens = Array.from({ length: 50 }, (_, n) => issuer.token({ header: { kid: `made-up-${n}` } }));
      const codes = (await Promise.all(tokens)).map((token) => codeOf(made.guard.verify(token)));
      expect(new Set(await Promise.all(codes))).toEqual(new Set(["invalid_token"]));
    };
    // They were read a moment ago, and are not read again for this.
    await flood();
    expect(issuer.asked("/keys")).toBe(1);
    issuer.tokens.now += 10_000;
    await flood();
    expect(issuer.asked("/keys")).toBe(2);
    issuer.tokens.now += 9_999;
    await flood();
    expect(issuer.asked("/keys")).toBe(2);
    issuer.tokens.now += 1;
    await flood();
    expect(issuer.asked("/keys")).toBe(3);
  });

  test("no more often when the issuer fails", async () => {
    await using issuer = await OwnIssuer.start();
    await using made = await ready(issuer);
    issuer.answers.set(
      "/keys",
      json(() => ({}), 500),
    );
    issuer.tokens.now += 10_000;
    const token = await nextToken(issuer);
    for (let times = 0; times < 20; times++)
      expect(await codeOf(made.guard.verify(token))).toBe("keys_unavailable");
    expect(issuer.asked("/keys")).toBe(2);
  });

  test("from elsewhere, when the issuer has moved them", async () => {
    await using issuer = await OwnIssuer.start();
    await using made = await ready(issuer);
    issuer.answers.set(
      "/keys",
      json(() => ({}), 404),
    );
    const moved = [await published(next.publicKey, "k2")];
    issuer.answers.set(
      "/moved",
      json(() => ({ keys: moved })),
    );
    issuer.discovery = { ...issuer.discovery, jwks_uri: `${issuer.url}/moved` };
    const token = await nextToken(issuer);
    issuer.tokens.now += 10_000;
    expect(await codeOf(made.guard.verify(token))).toBe("keys_unavailable");
    issuer.tokens.now += 10_000;
    expect(await codeOf(made.guard.verify(token))).toBe("accepted");
  });

  test("when they are used after a long sleep in which no timer went off", async () => {
    await using issuer = await OwnIssuer.start();
    await using made = await ready(issuer);
    const token = await issuer.token({ claims: { exp: 1_700_100_000 } });
    await made.guard.verify(token);
    issuer.tokens.now += 1_200_001;
    expect(made.guard.health().keys.state).toBe("old");
    expect(await codeOf(made.guard.verify(token))).toBe("accepted");
    await made.heard.heard("keys.refreshed", 2);
    expect(made.guard.health().keys).toMatchObject({ state: "fresh", fetchedAt: issuer.tokens.now });
  });
});

describe("a key that was withdrawn", () => {
  test("checks nothing any more, not even a token that was remembered", async () => {
    await using issuer = await OwnIssuer.start();
    await using made = await ready(issuer);
    const token = await issuer.token();
    expect(await codeOf(made.guard.verify(token))).toBe("accepted");
    issuer.keys = [await published(next.publicKey, "k2")];
    issuer.tokens.now += 10_000;
    expect(await codeOf(made.guard.verify(await nextToken(issuer)))).toBe("accepted");
    expect(made.guard.recall(token)).toBeUndefined();
    expect(await codeOf(made.guard.verify(token))).toBe("invalid_token");
  });

  test("and replaced under the same kid checks nothing either", async () => {
    await using issuer = await OwnIssuer.start();
    await using made = await ready(issuer);
    const token = await issuer.token();
    await made.guard.verify(token);
    issuer.keys = [await published(next.publicKey, "k1")];
    issuer.tokens.now += 10_000;
    await codeOf(made.guard.verify(await nextToken(issuer)));
    expect(await codeOf(made.guard.verify(token))).toBe("invalid_token");
    const good = await issuer.token({ key: next.privateKey });
    expect(await codeOf(made.guard.verify(good))).toBe("accepted");
  });

  test("is withdrawn though no other has come: an issuer may have none", async () => {
    await using issuer = await OwnIssuer.start();
    await using made = await ready(issuer);
    const token = await issuer.token();
    await made.guard.verify(token);
    issuer.keys = [];
    issuer.tokens.now += 10_000;
    expect(await codeOf(made.guard.verify(await nextToken(issuer)))).toBe("keys_unavailable");
    expect(await codeOf(made.guard.verify(token))).toBe("keys_unavailable");
    expect(made.guard.health()).toMatchObject({ ok: false, keys: { state: "none", known: 0 } });
  });

  test("while others stay, tokens of those that stay are still remembered", async () => {
    await using issuer = await OwnIssuer.start();
    await using made = await ready(issuer);
    const token = await issuer.token();
    const principal = await made.guard.verify(token);
    issuer.keys.unshift(await published(next.publicKey, "k2"));
    issuer.tokens.now += 10_000;
    await made.guard.verify(await nextToken(issuer));
    expect(made.guard.recall(token)).toBe(principal);
  });
});

describe("when keys cannot be read again", () => {
  const places = ["/keys", "/.well-known/openid-configuration"];
  const cases = places.flatMap((path) => Object.keys(misbehaviour).map((what) => [path, what] as const));
  test.each(cases)("those that are known go on: %s answers with %s", async (path, what) => {
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

  test.each([60_000, day])("they go on for `keysMaxAge` and no longer: %i", async (keysMaxAge) => {
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

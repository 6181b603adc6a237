import { describe, expect, test } from "vitest";
import { codeOf } from "../issuer.ts";
import { json, OwnIssuer } from "../own-issuer.ts";
import { next, nextToken, published, ready } from "./next-key.ts";

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

  test("again for a kid that is not known, past a shared cache that holds a key set without it", async () => {
    await using issuer = await OwnIssuer.start();
    /** A cache as RFC 9111 has it: a request with no-cache goes on to the issuer. */
    const cache = new Map<string, string>();
    const throughCache: typeof fetch = async (address, init) => {
      const held = cache.get(String(address));
      const fresh = new Headers(init?.headers).get("cache-control") === "no-cache";
      if (held !== undefined && !fresh) return new Response(held);
      const text = await (await fetch(address, init)).text();
      cache.set(String(address), text);
      return new Response(text);
    };
    await using made = await ready(issuer, { fetch: throughCache });
    issuer.keys.push(await published(next.publicKey, "k2"));
    issuer.tokens.now += 10_000;
    expect(await codeOf(made.guard.verify(await nextToken(issuer)))).toBe("accepted");
    // A made-up kid costs the issuer no more than before.
    const madeUp = await issuer.token({ header: { kid: "made-up" } });
    expect(await codeOf(made.guard.verify(madeUp))).toBe("invalid_token");
    expect(issuer.asked("/keys")).toBe(2);
  });

  test("once for a flood of kids that somebody made up, and again ten seconds later", async () => {
    await using issuer = await OwnIssuer.start();
    await using made = await ready(issuer);
    const flood = async () => {
      const tokens = Array.from({ length: 50 }, (_, n) => issuer.token({ header: { kid: `made-up-${n}` } }));
      const codes = (await Promise.all(tokens)).map((token) => codeOf(made.guard.verify(token)));
      expect(new Set(await Promise.all(codes))).toEqual(new Set(["invalid_token"]));
    };
    expect(issuer.asked("/keys")).toBe(1);
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

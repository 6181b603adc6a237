import { codeOf } from "@latchkey/testkit/mcp/issuer";
import { describe, expect, test } from "vitest";
import { json, OwnIssuer } from "../own-issuer.ts";
import { next, nextToken, published, ready } from "./next-key.ts";

describe("keys are read", () => {
  test("once at the first use, for any number of concurrent tokens", async () => {
    await using issuer = await OwnIssuer.start();
    await using guard = issuer.guard({ follow: false });
    expect(issuer.requests).toEqual([]);
    const tokens = await Promise.all([1, 2, 3].map((jti) => issuer.token({ claims: { jti } })));
    await Promise.all(tokens.map((token) => guard.verify(token)));
    expect(issuer.requests).toEqual(["/.well-known/openid-configuration", "/keys"]);
  });

  test("again for an unknown kid: an added key is found", async () => {
    await using issuer = await OwnIssuer.start();
    await using made = await ready(issuer);
    issuer.keys.push(await published(next.publicKey, "k2"));
    issuer.tokens.now += 10_000;
    expect(await codeOf(made.guard.verify(await nextToken(issuer)))).toBe("accepted");
    expect(issuer.asked("/keys")).toBe(2);
    expect(made.heard.all("keys.refreshed").at(-1)).toEqual({ name: "keys.refreshed", known: 2 });
    // The known address is used: discovery is not read again.
    expect(issuer.asked("/.well-known/openid-configuration")).toBe(1);
  });

  test("again for an unknown kid, past a shared cache with an older key set", async () => {
    await using issuer = await OwnIssuer.start();
    /** A cache after RFC 9111: it passes a request with no-cache on to the issuer. */
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
    // An invented kid costs the issuer no further request.
    const madeUp = await issuer.token({ header: { kid: "made-up" } });
    expect(await codeOf(made.guard.verify(madeUp))).toBe("invalid_token");
    expect(issuer.asked("/keys")).toBe(2);
  });

  test("once for a flood of invented kids, and again ten seconds later", async () => {
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

  test("from another address, when the issuer has moved them", async () => {
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

  test("after a long sleep of the machine, in which no timer fired", async () => {
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

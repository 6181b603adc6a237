import { codeOf } from "@latchkey/testkit/mcp/issuer";
import { describe, expect, test } from "vitest";
import { OwnIssuer } from "../own-issuer.ts";
import { next, nextToken, published, ready } from "./next-key.ts";

describe("a key that was withdrawn", () => {
  test("verifies no token any more, not even a cached one", async () => {
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

  test("and was replaced under its kid verifies no token either", async () => {
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

  test("counts as withdrawn even if the issuer has no other key", async () => {
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

  test("leaves the cached tokens of other keys in place", async () => {
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

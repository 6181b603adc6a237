import { expect, test } from "vitest";
import { OwnIssuer } from "../own-issuer.ts";
import { Following } from "./following.ts";

test("an issuer without a feed counts as none; a later feed is followed", async () => {
  await using issuer = await OwnIssuer.start();
  const { discovery } = issuer;
  issuer.discovery = {};
  issuer.end("a");
  await using following = new Following(issuer);
  await following.revocations.first;
  expect(following.health).toMatchObject({ state: "none", staleFor: undefined });
  expect(following.revocations.isRevoked("a")).toBe(false);
  issuer.discovery = discovery;
  await following.heard("feed.followed");
  expect(following.revocations.isRevoked("a")).toBe(true);
});

test("a feed that was named once is followed even if discovery drops it", async () => {
  await using issuer = await OwnIssuer.start();
  await using following = new Following(issuer);
  await following.heard("feed.followed");
  issuer.discovery = {};
  issuer.cut();
  issuer.end("a");
  await following.heard("feed.followed", 2);
  expect(following.revocations.isRevoked("a")).toBe(true);
});

test("with `follow: true` an issuer without a feed is a lost feed", async () => {
  await using issuer = await OwnIssuer.start();
  issuer.discovery = {};
  await using following = new Following(issuer, { settings: { follow: true } });
  expect((await following.heard("feed.lost")).reason).toBe("the issuer names no feed");
});

test("with `follow: false` no request is sent", async () => {
  await using issuer = await OwnIssuer.start();
  await using following = new Following(issuer, { settings: { follow: false } });
  await following.revocations.first;
  expect(following.revocations.isRevoked("a")).toBe(false);
  expect(following.health.state).toBe("none");
  expect(issuer.requests).toEqual([]);
});

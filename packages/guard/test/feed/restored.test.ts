import { describe, expect, test } from "vitest";
import { OwnIssuer } from "../own-issuer.ts";
import { Following } from "./following.ts";

describe("a new list, as after the restore of a database", () => {
  test.each([0, 1, 2, 3])("with %i of 3 entries, and later ones arrive", async (reach) => {
    await using issuer = await OwnIssuer.start();
    for (const session of ["a", "b", "c"]) issuer.end(session);
    await using following = new Following(issuer);
    await following.heard("feed.followed");
    issuer.restore(reach);
    await following.heard("feed.followed", 2);
    issuer.end("after");
    await following.ended("after");
    expect(following.health).toMatchObject({ state: "following", cursor: reach + 1 });
    // Known entries stay.
    for (const session of ["a", "b", "c"]) expect(following.revocations.isRevoked(session)).toBe(true);
  });

  test.each([1, 2, 3, 4])("even with %i new entries before the guard is back", async (count) => {
    await using issuer = await OwnIssuer.start();
    for (const session of ["a", "b"]) issuer.end(session);
    await using following = new Following(issuer);
    await following.heard("feed.followed");
    issuer.restore(0);
    const after = Array.from({ length: count }, (_, index) => `after-${index}`);
    for (const session of after) issuer.end(session);
    await following.heard("feed.followed", 2);
    for (const session of after) expect(following.revocations.isRevoked(session)).toBe(true);
  });

  test("a list without the last known entry is read from its beginning", async () => {
    await using issuer = await OwnIssuer.start();
    for (const session of ["a", "b"]) issuer.end(session);
    await using following = new Following(issuer);
    await following.heard("feed.followed");
    issuer.ended = [{ number: 3, sessionId: "c", until: 2_000_000_000_000 }];
    issuer.cut();
    await following.heard("feed.followed", 2);
    expect(following.revocations.isRevoked("c")).toBe(true);
  });
});

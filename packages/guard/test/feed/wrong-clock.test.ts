import { expect, test } from "vitest";
import { json, OwnIssuer } from "../own-issuer.ts";
import { Following } from "./following.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

test.each(["stream", "poll"] as const)("an entry by %s outlives a clock that is a day ahead", async (via) => {
  await using issuer = await OwnIssuer.start();
  if (via === "poll") issuer.streams = json(() => ({}), 502);
  issuer.end("a", Date.now() + 60 * minute);
  await using following = new Following(issuer);
  following.clock.set(Date.now() + day - following.clock.now());
  expect(await following.heard("feed.followed")).toMatchObject({ via });

  // At every heartbeat the guard removes sessions without live tokens.
  following.clock.pass(5 * minute);
  issuer.end("b", Date.now() + 60 * minute);
  issuer.heartbeat();
  issuer.end("c", Date.now() + 60 * minute);
  await following.ended("c");
  following.clock.set(-day);
  expect(following.revocations.isRevoked("a")).toBe(true);
});

import { expect, test } from "vitest";
import { RefreshGrace } from "../../src/core/stories/refresh-grace.ts";

const caller = { address: "192.0.2.1", requestId: "r" };
const session = {
  id: "alice's session",
  userId: "user:alice",
  generation: 1,
  refreshHash: "h",
  rotatedAt: 1_000_000,
  lastUsedAt: 1_000_000,
  createdAt: 1_000_000,
  endsAt: 9_000_000,
  endedAt: null,
  addressBucket: "192.0.2.1",
  client: null,
  expiresAt: 9_000_000,
  tokensUntil: 9_000_000,
};

test("a session that refreshes often displaces no rotation of another", async () => {
  let wall = session.rotatedAt;
  let steady = 0;
  const settings = { same_address: 60_000, other_address: 10_000, client: 60_000 };
  const grace = new RefreshGrace(
    settings,
    () => wall,
    () => steady,
  );
  await grace.note(session.id, session.generation, Promise.resolve(true));
  // A replica rotates to the generations between.
  for (let generation = 1; generation <= 20_000; generation += 2) {
    await grace.note("another session", generation, Promise.resolve(true));
  }
  // The wall clock alone would call this repeat two minutes late.
  wall += 120_000;
  steady += 2_000;
  expect(grace.admits(session, caller)).toBe("same_address");
});

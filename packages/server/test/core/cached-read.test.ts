import { describe, expect, test } from "vitest";
import { CachedRead } from "../../src/core/tokens/cached-read.ts";

/** A cached read, with reads that the test settles. */
function held() {
  const turns: PromiseWithResolvers<void>[] = [];
  let now = 0;
  let elapsed = 0;
  const reading = new CachedRead(
    "something",
    () => {
      const turn = Promise.withResolvers<void>();
      turns.push(turn);
      return turn.promise;
    },
    { now: () => now, steady: () => elapsed },
  );
  return {
    reading,
    turns,
    advance: (ms: number) => {
      now += ms;
      elapsed += ms;
    },
    stepWallClock: (ms: number) => {
      now += ms;
    },
  };
}

const settled = () => new Promise(setImmediate);

describe("a cached read", () => {
  test("reads again once it is stale, once for concurrent callers", async () => {
    const { reading, turns, advance } = held();
    const asked = [reading.refresh(), reading.refresh()];
    expect(turns).toHaveLength(1);
    turns[0]?.resolve();
    await Promise.all(asked);
    advance(699);
    await reading.refresh();
    expect(turns).toHaveLength(1);
    advance(1);
    expect(reading.isFresh).toBe(false);
    const again = reading.refresh();
    expect(turns).toHaveLength(2);
    turns[1]?.resolve();
    await again;
  });

  test("is as old as the start of its read", async () => {
    const { reading, turns, advance } = held();
    const asked = reading.refresh();
    advance(500);
    turns[0]?.resolve();
    await asked;
    expect(reading.age).toBe(500);
    advance(200);
    expect(reading.isFresh).toBe(false);
  });

  test("keeps its age if the wall clock is set back", async () => {
    const { reading, turns, advance, stepWallClock } = held();
    const asked = reading.refresh();
    turns[0]?.resolve();
    await asked;
    stepWallClock(-3_600_000);
    advance(699);
    expect(reading.isFresh).toBe(true);
    advance(1);
    expect(reading.isFresh).toBe(false);
    const again = reading.refresh();
    turns[1]?.resolve();
    await again;
    expect(reading.isFresh).toBe(true);
  });

  test("reads once more after the wall clock is set forward", async () => {
    const { reading, turns, stepWallClock } = held();
    const asked = reading.refresh();
    turns[0]?.resolve();
    await asked;
    stepWallClock(3_600_000);
    expect(reading.isFresh).toBe(false);
    const again = reading.refresh();
    turns[1]?.resolve();
    await again;
    expect(reading.isFresh).toBe(true);
  });

  test("shares one new read among callers of renew, never an earlier read", async () => {
    const { reading, turns } = held();
    const first = reading.renew();
    await settled();
    const later = [reading.renew(), reading.renew()];
    await settled();
    expect(turns).toHaveLength(1);
    turns[0]?.resolve();
    await first;
    await settled();
    expect(turns).toHaveLength(2);
    turns[1]?.resolve();
    await Promise.all(later);
  });

  test("is stale after a failed read, and the next caller reads again", async () => {
    const { reading, turns } = held();
    const asked = reading.refresh();
    turns[0]?.reject(new Error("away"));
    await expect(asked).rejects.toThrow("away");
    expect(reading.isFresh).toBe(false);
    const again = reading.refresh();
    turns[1]?.resolve();
    await again;
    expect(reading.isFresh).toBe(true);
  });

  test("refuses its callers if a read takes too long", async () => {
    const { reading } = held();
    await expect(reading.refresh()).rejects.toMatchObject({ code: "store_unavailable", retryAfter: 1 });
  });
});

import { describe, expect, test } from "vitest";
import { CachedRead } from "../../src/core/cached-read.ts";

/** A reading whose every turn is ended by hand. */
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

describe("what others change in the store", () => {
  test("is read again once it is old, by one of many who ask", async () => {
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

  test("is as old as the moment in which its reading began", async () => {
    const { reading, turns, advance } = held();
    const asked = reading.refresh();
    advance(500);
    turns[0]?.resolve();
    await asked;
    expect(reading.age).toBe(500);
    advance(200);
    expect(reading.isFresh).toBe(false);
  });

  test("is as old as before once the wall clock is set back", async () => {
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

  test("is read again once when the wall clock is set forward", async () => {
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

  test("is read from this moment on where that is asked for, and those who ask meanwhile share the next reading", async () => {
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

  test("that cannot be read is not believed, and is tried again by who asks next", async () => {
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

  test("that does not come in time is refused, and the caller waits no longer", async () => {
    const { reading } = held();
    await expect(reading.refresh()).rejects.toMatchObject({ code: "store_unavailable", retryAfter: 1 });
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SteadyClock } from "../../src/core/clock.ts";
import type { AttemptCounter, Rule } from "../../src/core/throttle/attempt-counter.ts";

const rule: Rule = { limit: 3, windowMs: 1000 };
const one = (key: string) => [{ key, rule }];

/** The contract of every counter that reserves before an attempt. @param open creates an empty counter */
export function attemptCounterContract(
  name: string,
  open: (steady: SteadyClock) => Promise<AttemptCounter>,
): void {
  describe(`the attempt counter contract: ${name}`, () => {
    test("failures and open attempts never exceed the limit, in any order", async () => {
      const step = fc.constantFrom("try", "fail", "succeed");
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
          const counter = await open(() => 0);
          let under = 0;
          let failures = 0;
          for (const kind of steps) {
            if (kind === "try") {
              const [reservation] = await counter.reserve(one("key"));
              expect(reservation?.admitted).toBe(under + failures < rule.limit);
              if (reservation?.admitted) under++;
            } else if (under > 0) {
              await counter.settle(one("key"), kind === "fail");
              under--;
              if (kind === "fail") failures++;
            }
          }
        }),
        { numRuns: 30 },
      );
    });

    test("simultaneous attempts are admitted up to the limit", async () => {
      const counter = await open(() => 0);
      const tries = await Promise.all(Array.from({ length: 20 }, () => counter.reserve(one("key"))));
      expect(tries.flat().filter(({ admitted }) => admitted)).toHaveLength(rule.limit);
      expect(tries.flat().find(({ admitted }) => !admitted)).toEqual({
        admitted: false,
        retryAfterMs: 1000,
        exhausted: false,
      });
    });

    test("forgets the failures of a key and its continuations alone", async () => {
      const counter = await open(() => 0);
      const keys = ["pair user:al", "pair user:al 192.0.2.1", "pair user:al!", "pair user:ali", "pair user"];
      for (const key of keys)
        for (let time = 0; time < rule.limit; time++) {
          await counter.reserve(one(key));
          await counter.settle(one(key), true);
        }
      await counter.forget("pair user:al");
      const reservations = await Promise.all(keys.map((key) => counter.reserve(one(key))));
      expect(reservations.flat().map(({ admitted }) => admitted)).toEqual([true, true, false, false, false]);
    });

    test("an attempt that was open when failures were forgotten still counts", async () => {
      const counter = await open(() => 0);
      await counter.reserve(one("key"));
      await counter.forget("key");
      for (let time = 1; time < rule.limit; time++) await counter.reserve(one("key"));
      expect((await counter.reserve(one("key")))[0]?.admitted).toBe(false);
      await counter.settle(one("key"), true);
      expect((await counter.reserve(one("key")))[0]?.admitted).toBe(false);
    });

    test("several limits are checked in one step, each on its own", async () => {
      const counter = await open(() => 0);
      for (let time = 0; time < 3; time++) {
        await counter.reserve(one("full"));
        await counter.settle(one("full"), true);
      }
      const reservations = await counter.reserve([...one("full"), ...one("free")]);
      expect(reservations).toEqual([
        { admitted: false, retryAfterMs: 1000, exhausted: true },
        { admitted: true },
      ]);
    });

    test("a refused attempt takes no place under keys with room", async () => {
      const counter = await open(() => 0);
      for (let time = 0; time < 3; time++) await counter.reserve(one("full"));
      for (let time = 0; time < 5; time++) {
        const reservations = await counter.reserve([...one("free"), ...one("full")]);
        expect(reservations.map(({ admitted }) => admitted)).toEqual([true, false]);
      }
      for (let time = 0; time < 3; time++)
        expect(await counter.reserve(one("free"))).toEqual([{ admitted: true }]);
      expect(await counter.reserve(one("free"))).toMatchObject([{ admitted: false }]);
    });

    test("simultaneous attempts exceed none of several limits", async () => {
      const counter = await open(() => 0);
      const tries = await Promise.all(
        Array.from({ length: 20 }, (_, n) => counter.reserve([...one(`own ${n % 5}`), ...one("shared")])),
      );
      const admitted = tries.filter((limits) => limits.every((limit) => limit.admitted));
      expect(admitted.length).toBeGreaterThan(0);
      expect(admitted.length).toBeLessThanOrEqual(rule.limit);
      const left = rule.limit - admitted.length;
      for (let time = 0; time < left; time++)
        expect(await counter.reserve(one("shared"))).toEqual([{ admitted: true }]);
      expect(await counter.reserve(one("shared"))).toMatchObject([{ admitted: false }]);
    });

    test("failures expire with their window", async () => {
      let now = 0;
      const counter = await open(() => now);
      for (let time = 0; time < 3; time++) {
        await counter.reserve(one("key"));
        await counter.settle(one("key"), true);
      }
      now = 999;
      expect(await counter.reserve(one("key"))).toEqual([
        { admitted: false, retryAfterMs: 1, exhausted: true },
      ]);
      expect([await counter.turnAway("key"), await counter.turnAway("key")]).toEqual([true, false]);
      now = 1000;
      await counter.prune();
      expect(await counter.reserve(one("key"))).toEqual([{ admitted: true }]);
    });
  });
}

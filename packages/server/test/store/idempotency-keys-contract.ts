import { describe, expect, test } from "vitest";
import type { Store } from "../../src/store/store.ts";

const now = 1_700_000_000_000;
const minute = 60_000;
const request = { digest: "caller and key", requestDigest: "body" };

/** The contract of every store for the answers to creating requests. */
export function idempotencyKeysContract(opened: () => Store): void {
  describe("idempotency keys", () => {
    const keys = () => opened().idempotencyKeys;

    test("the first claim wins, and a later one sees the request that runs", async () => {
      expect(await keys().claim(request, now, now + minute)).toBeUndefined();
      const other = { ...request, requestDigest: "another body" };
      expect(await keys().claim(other, now, now + minute)).toEqual({ requestDigest: "body", answer: null });
    });

    test("of twenty claims at once, one wins", async () => {
      const claims = await Promise.all(
        Array.from({ length: 20 }, () => keys().claim(request, now, now + minute)),
      );
      expect(claims.filter((earlier) => earlier === undefined)).toHaveLength(1);
    });

    test("an answer is kept until its end, and then the key is free", async () => {
      await keys().claim(request, now, now + minute);
      await keys().keep(request, "sealed", now + 2 * minute);
      const kept = { requestDigest: "body", answer: "sealed" };
      expect(await keys().claim(request, now + 2 * minute - 1, now + 9 * minute)).toEqual(kept);
      expect(await keys().claim(request, now + 2 * minute, now + 9 * minute)).toBeUndefined();
    });

    test("a claim is given back, but an answer is not", async () => {
      await keys().claim(request, now, now + minute);
      await keys().release(request);
      expect(await keys().claim(request, now, now + minute)).toBeUndefined();
      await keys().keep(request, "sealed", now + minute);
      await keys().release(request);
      expect(await keys().claim(request, now, now + minute)).toMatchObject({ answer: "sealed" });
    });

    test("a claim whose process ended lapses, and its late answer changes nothing", async () => {
      await keys().claim(request, now, now + minute);
      const second = { ...request, requestDigest: "another body" };
      expect(await keys().claim(second, now + minute, now + 2 * minute)).toBeUndefined();
      await keys().keep(request, "late", now + 9 * minute);
      expect(await keys().claim(second, now + minute, now + 2 * minute)).toMatchObject({ answer: null });
    });

    test("an expired key is deleted", async () => {
      await keys().claim(request, now, now + minute);
      await opened().purge(now + minute, 90 * 1_440 * minute);
      expect(await keys().claim(request, now, now + minute)).toBeDefined();
      await opened().purge(now + minute + 1, 90 * 1_440 * minute);
      expect(await keys().claim(request, now, now + minute)).toBeUndefined();
    });
  });
}

import { describe, expect, test } from "vitest";
import { Bulkhead } from "../../src/core/throttle/bulkhead.ts";

const overloaded = { code: "overloaded", retryAfter: 1, reason: "too many" };

describe("a bulkhead", () => {
  test("rejects beyond its limit, until a permit is given back", () => {
    const bulkhead = new Bulkhead(2, "too many");
    const first = bulkhead.acquire();
    bulkhead.acquire();
    expect(() => bulkhead.acquire()).toThrow(expect.objectContaining(overloaded));
    first[Symbol.dispose]();
    bulkhead.acquire();
    expect(() => bulkhead.acquire()).toThrow(expect.objectContaining(overloaded));
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LatchkeyError } from "../../src/core/errors.ts";
import { FairQueue, type Requester } from "../../src/core/passwords/fair-queue.ts";
import { HashQueue } from "../../src/core/passwords/hash-queue.ts";

const address = fc.constantFrom(
  "192.0.2.1",
  "192.0.2.2",
  "198.51.100.1",
  "2001:db8:1::1",
  "2001:db8:1:2::1",
  "2001:db8:2::1",
);
const account = fc.constantFrom("user:alice", "user:bob", "unknown:1");
const requester: fc.Arbitrary<Requester> = fc.record({ address, account });
const newcomer: Requester = { address: "203.0.113.9", account: "user:carol" };

/** Arrivals. `undefined` takes an item out. */
const acts = fc.array(fc.option(requester, { nil: undefined, freq: 3 }), { maxLength: 60 });

describe("turns", () => {
  test("a newcomer waits for at most one item of every waiting network", () => {
    fc.assert(
      fc.property(acts, acts, (before, after) => {
        const queue = new FairQueue<Requester>();
        for (const act of before) act === undefined ? queue.next() : queue.add(act, act);
        const networks = new Set(before.flatMap((act) => (act === undefined ? [] : [networkOf(act)])));
        queue.add(newcomer, newcomer);
        for (const act of after) if (act !== undefined) queue.add(act, act);
        let turns = 0;
        while (queue.next() !== newcomer) turns++;
        expect(turns).toBeLessThanOrEqual(networks.size);
      }),
      { numRuns: 500 },
    );
  });

  test("every item is taken once; an account at an address keeps its order", () => {
    fc.assert(
      fc.property(acts, (all) => {
        const queue = new FairQueue<{ from: string; number: number }>();
        const taken: { from: string; number: number }[] = [];
        const take = () => {
          const item = queue.next();
          if (item !== undefined) taken.push(item);
        };
        for (const [number, act] of all.entries()) {
          if (act === undefined) take();
          else queue.add(act, { from: `${act.address} ${act.account}`, number });
        }
        while (queue.size > 0) take();
        const added = all.filter((act) => act !== undefined).length;
        expect(new Set(taken.map(({ number }) => number)).size).toBe(added);
        for (const from of new Set(taken.map((item) => item.from))) {
          const numbers = taken.filter((item) => item.from === from).map(({ number }) => number);
          expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
        }
      }),
    );
  });

  test("all /64 of one /48 share the turns of one network", () => {
    const queue = new FairQueue<string>();
    for (let net = 0; net < 100; net++)
      queue.add({ address: `2001:db8:1:${net.toString(16)}::1`, account: "user:alice" }, "many");
    queue.add({ address: "192.0.2.1", account: "user:bob" }, "one");
    expect([queue.next(), queue.next()]).toContain("one");
  });
});

describe("a full queue", () => {
  /** A queue with its only slot taken until `letGo`. */
  function full(places: number, requesters: readonly Requester[]) {
    const held = Promise.withResolvers<string>();
    const queue = new HashQueue({ concurrency: 1, maxWaiting: places });
    const run = (from: Requester) =>
      queue
        .run(() => held.promise, from)
        .catch((error: unknown) => {
          if (error instanceof LatchkeyError) return error.code;
          throw error;
        });
    const outcomes = [run({ address: "cli", account: "" }), ...requesters.map(run)];
    return { queue, run, outcomes, letGo: () => held.resolve("done") };
  }

  test("one account at five addresses does not keep another user out", async () => {
    const flood = Array.from({ length: 300 }, (_, n) => ({
      address: `192.0.2.${n % 5}`,
      account: "user:alice",
    }));
    const { queue, run, outcomes, letGo } = full(64, flood);
    const others = Array.from({ length: 10 }, () => run(newcomer));
    expect(queue.waiting).toBe(64);
    letGo();
    expect(await Promise.all(others)).toEqual(Array(10).fill("done"));
    expect((await Promise.all(outcomes)).filter((outcome) => outcome === "done")).toHaveLength(1 + 64 - 10);
  });

  test("one account at as many addresses as places keeps no other user out", async () => {
    const flood = Array.from({ length: 64 }, (_, n) => ({ address: `192.0.2.${n}`, account: "user:alice" }));
    const { run, letGo } = full(64, flood);
    const other = run(newcomer);
    letGo();
    expect(await other).toBe("done");
  });

  test("a /48 full of addresses and accounts keeps no other user out", async () => {
    const flood = Array.from({ length: 64 }, (_, n) => ({
      address: `2001:db8:1:${n.toString(16)}::1`,
      account: `unknown:${n}`,
    }));
    const { run, letGo } = full(64, flood);
    const other = run(newcomer);
    letGo();
    expect(await other).toBe("done");
  });

  test("another account at the flooding address gets its share", async () => {
    const flood = Array.from({ length: 64 }, () => ({ address: "192.0.2.1", account: "user:alice" }));
    const { run, letGo } = full(64, flood);
    const other = run({ address: "192.0.2.1", account: "user:bob" });
    letGo();
    expect(await other).toBe("done");
  });

  test("lets a newcomer displace only a share larger than its own", () => {
    fc.assert(
      fc.property(fc.array(requester, { maxLength: 40 }), requester, (waiting, late) => {
        const queue = new FairQueue<Requester>();
        for (const from of waiting) queue.add(from, from);
        const displaced = queue.displaceable(late)?.item;
        if (displaced === undefined) return;
        const count = (part: (from: Requester) => string, like: Requester) =>
          waiting.filter((from) => part(from) === part(like)).length;
        const parts = [
          networkOf,
          (from: Requester) => bucketOf(from),
          (from: Requester) => `${from.account}`,
        ];
        const fairer = [...parts, (from: Requester) => `${bucketOf(from)} ${from.account}`].some(
          (part) => count(part, displaced) > count(part, late) + 1,
        );
        expect(fairer).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("admits a new network while another network has two places", () => {
    fc.assert(
      fc.property(fc.array(requester, { minLength: 1, maxLength: 40 }), (waiting) => {
        const queue = new FairQueue<Requester>();
        for (const from of waiting) queue.add(from, from);
        const networks = new Set(waiting.map(networkOf));
        if (networks.size < waiting.length) expect(queue.displaceable(newcomer)).toBeDefined();
      }),
    );
  });
});

function networkOf({ address: from }: Requester): string {
  return from.includes(":") ? from.split(":").slice(0, 3).join(":") : from;
}

function bucketOf({ address: from }: Requester): string {
  return from;
}

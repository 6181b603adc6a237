import fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import { LatchkeyError } from "../../src/core/errors.ts";
import { HashQueue } from "../../src/core/passwords/hash-queue.ts";

const someone = { address: "192.0.2.1", account: "user:alice" };

/** Work that the test ends. */
function work() {
  const { promise, resolve } = Promise.withResolvers<string>();
  let begun = false;
  return {
    finish: () => resolve("done"),
    begun: () => begun,
    run: () => {
      begun = true;
      return promise;
    },
  };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("hashes run and wait within the limits", async () => {
  const queue = new HashQueue({ concurrency: 2, maxWaiting: 1 });
  const [a, b, c] = [work(), work(), work()];
  const all = [queue.run(a.run, someone), queue.run(b.run, someone), queue.run(c.run, someone)];
  await expect(queue.run(work().run, someone)).rejects.toMatchObject({ code: "overloaded", retryAfter: 1 });
  await settled();
  expect([a.begun(), b.begun(), c.begun()]).toEqual([true, true, false]);
  a.finish();
  await settled();
  expect(c.begun()).toBe(true);
  b.finish();
  c.finish();
  expect(await Promise.all(all)).toEqual(["done", "done", "done"]);
  expect([queue.running, queue.waiting]).toEqual([0, 0]);
});

test("under a full load, eight finished hashes are released together", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const queue = new HashQueue({ concurrency: 1, maxWaiting: 16 });
  const works = Array.from({ length: 16 }, work);
  let released = 0;
  for (const { run } of works) void queue.run(run, someone).then(() => released++);
  const seen: number[] = [];
  for (const { finish } of works) {
    finish();
    await settled();
    seen.push(released);
  }
  expect(seen.slice(0, 8)).toEqual([0, 0, 0, 0, 0, 0, 0, 8]);
  expect(seen.at(-1)).toBe(16);
});

test("a waiter that disconnects gives its place back without a hash", async () => {
  const queue = new HashQueue({ concurrency: 1, maxWaiting: 1 });
  const [running, waiting, next] = [work(), work(), work()];
  const first = queue.run(running.run, someone);
  const hangUp = new AbortController();
  const gone = queue.run(waiting.run, { ...someone, signal: hangUp.signal });
  expect(queue.hasRoom()).toBe(false);
  hangUp.abort();
  await expect(gone).rejects.toMatchObject({ code: "client_gone" });
  expect(queue.hasRoom()).toBe(true);
  const second = queue.run(next.run, someone);
  running.finish();
  next.finish();
  await Promise.all([first, second]);
  expect(waiting.begun()).toBe(false);
});

test("work that fails gives its place back", async () => {
  const queue = new HashQueue({ concurrency: 1, maxWaiting: 0 });
  await expect(queue.run(() => Promise.reject(new Error("broken")), someone)).rejects.toThrow("broken");
  expect(await queue.run(async () => 1, someone)).toBe(1);
});

test("the bounds hold in any order of arrivals, ends and disconnects", async () => {
  const step = fc.oneof(
    fc.constant("arrive" as const),
    fc.record({ end: fc.nat(10) }),
    fc.record({ hangUp: fc.nat(10) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.nat(3),
      fc.array(step),
      async (concurrency, places, steps) => {
        const queue = new HashQueue({ concurrency, maxWaiting: places });
        const jobs: { job: ReturnType<typeof work>; hangUp: AbortController; outcome: Promise<string> }[] =
          [];
        for (const one of steps) {
          if (one === "arrive") {
            const job = work();
            const hangUp = new AbortController();
            const outcome = queue
              .run(job.run, { ...someone, signal: hangUp.signal })
              .catch((error: unknown) => {
                if (error instanceof LatchkeyError) return error.code;
                throw error;
              });
            jobs.push({ job, hangUp, outcome });
          } else if ("end" in one) jobs[one.end % jobs.length]?.job.finish();
          else jobs[one.hangUp % jobs.length]?.hangUp.abort();
          await settled();
          expect(queue.running).toBeLessThanOrEqual(concurrency);
          expect(queue.waiting).toBeLessThanOrEqual(places);
        }
        for (const { job } of jobs) job.finish();
        await Promise.all(jobs.map(({ outcome }) => outcome));
        expect([queue.running, queue.waiting]).toEqual([0, 0]);
      },
    ),
  );
});

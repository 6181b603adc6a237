import { until } from "@latchkey/testkit/until";
import { expect, test } from "vitest";
import { JobThread, type JobThreadOptions } from "../../src/password-checks/job-thread.ts";

const input = { password: "a passphrase of the test", words: [] };
const alice = { address: "192.0.2.1", account: "user:alice" };
const strong = { verdict: "strong" };

/** A thread that runs a program of the test instead of the check. */
function threadWith(program: string, options: JobThreadOptions = {}) {
  const code = `import { parentPort } from "node:worker_threads"; let jobs = 0;
    parentPort.on("message", ({ input }) => { jobs++; ${program} });`;
  return new JobThread("strength", {
    program: new URL(`data:text/javascript,${encodeURIComponent(code)}`),
    ...options,
  });
}

const answerStrong = 'parentPort.postMessage({ output: { verdict: "strong" } });';

test("the thread starts with its first job and ends when it is idle", async () => {
  const thread = threadWith(answerStrong, { idleMs: 0 });
  expect(thread.isRunning).toBe(false);
  const first = thread.run(input, alice);
  await until("the thread runs", () => thread.isRunning);
  expect(await first).toEqual(strong);
  await until("the thread has ended", () => !thread.isRunning);
  expect(await thread.run(input, alice)).toEqual(strong);
});

test("a thread without work is released at once, and one with work is not", async () => {
  const thread = threadWith(answerStrong);
  const working = thread.run(input, alice);
  thread.release();
  expect(await working).toEqual(strong);
  expect(thread.isRunning).toBe(true);
  thread.release();
  expect(thread.isRunning).toBe(false);
  expect(await thread.run(input, alice)).toEqual(strong);
});

test("each job gets its own answer, in turn", async () => {
  const thread = threadWith(
    'parentPort.postMessage({ output: { verdict: "guessable", advice: input.words } });',
  );
  const answers = ["date", "name", "word"].map((word) => thread.run({ password: "-", words: [word] }, alice));
  expect(await Promise.all(answers)).toEqual([
    { verdict: "guessable", advice: ["date"] },
    { verdict: "guessable", advice: ["name"] },
    { verdict: "guessable", advice: ["word"] },
  ]);
});

test.each([
  ["hangs", "for (;;);"],
  ["stops", "process.exit(1);"],
  ["throws an error outside of its job", 'throw new Error("a bug");'],
  ["needs more memory than it may have", "const all = []; for (;;) all.push(new Array(1e6).fill(jobs++));"],
  ["answers with an error", 'parentPort.postMessage({ failure: "RangeError" });'],
])("a thread that %s costs one job, which is refused as overloaded", async (_, failure) => {
  const once = `if (input.password === "the bad one") { ${failure} } else { ${answerStrong} }`;
  const thread = threadWith(once, { timeoutMs: 3_000 });
  const bad = expect(thread.run({ password: "the bad one", words: [] }, alice)).rejects.toMatchObject({
    code: "overloaded",
    reason: expect.stringMatching(/^password thread: /),
  });
  const good = thread.run(input, alice);
  await bad;
  expect(await good).toEqual(strong);
});

test("at most so many jobs wait; a further one is refused at once", async () => {
  const thread = threadWith(answerStrong, { mostJobs: 2 });
  const admitted = [thread.run(input, alice), thread.run(input, alice)];
  await expect(thread.run(input, alice)).rejects.toMatchObject({
    code: "overloaded",
    reason: "strength queue full",
  });
  expect(await Promise.all(admitted)).toEqual([strong, strong]);
  expect(await thread.run(input, alice)).toEqual(strong);
});

test("a network with many jobs locks out nobody: its newest one makes room", async () => {
  const thread = threadWith(answerStrong, { mostJobs: 5 });
  const ended: string[] = [];
  const note = (name: string, job: Promise<unknown>) => job.finally(() => ended.push(name));
  const ofStranger = Array.from({ length: 5 }, (_, n) =>
    note(`stranger ${n}`, thread.run(input, { address: "198.51.100.7", account: "user:mallory" })),
  );
  const refused = expect(ofStranger[4]).rejects.toMatchObject({
    code: "overloaded",
    reason: "displaced from the strength queue by another address or account",
  });
  expect(await note("alice", thread.run(input, alice))).toEqual(strong);
  await refused;
  expect(await Promise.all(ofStranger.slice(0, 4))).toEqual([strong, strong, strong, strong]);
  // The first job was under way. The turn of the newcomer comes after one more of the stranger.
  expect(ended).toEqual(["stranger 4", "stranger 0", "stranger 1", "alice", "stranger 2", "stranger 3"]);
});

test("a requester that hangs up leaves the queue", async () => {
  const thread = threadWith(answerStrong, { mostJobs: 2 });
  const first = thread.run(input, alice);
  const hangUp = new AbortController();
  const gone = expect(thread.run(input, { ...alice, signal: hangUp.signal })).rejects.toMatchObject({
    code: "client_gone",
  });
  hangUp.abort();
  await gone;
  expect(await thread.run(input, alice)).toEqual(strong);
  expect(await first).toEqual(strong);
});

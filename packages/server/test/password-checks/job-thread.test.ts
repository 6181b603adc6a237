import { until } from "@latchkey/testkit/until";
import { expect, test } from "vitest";
import { JobThread, type JobThreadOptions } from "../../src/password-checks/job-thread.ts";

const input = { password: "a passphrase of the test", words: [] };
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
  const first = thread.run(input);
  await until("the thread runs", () => thread.isRunning);
  expect(await first).toEqual(strong);
  await until("the thread has ended", () => !thread.isRunning);
  expect(await thread.run(input)).toEqual(strong);
});

test("a thread without work is released at once, and one with work is not", async () => {
  const thread = threadWith(answerStrong);
  const working = thread.run(input);
  thread.release();
  expect(await working).toEqual(strong);
  expect(thread.isRunning).toBe(true);
  thread.release();
  expect(thread.isRunning).toBe(false);
  expect(await thread.run(input)).toEqual(strong);
});

test("each job gets its own answer, in turn", async () => {
  const thread = threadWith(
    'parentPort.postMessage({ output: { verdict: "guessable", advice: input.words } });',
  );
  const answers = ["date", "name", "word"].map((word) => thread.run({ password: "-", words: [word] }));
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
  const bad = expect(thread.run({ password: "the bad one", words: [] })).rejects.toMatchObject({
    code: "overloaded",
    reason: expect.stringMatching(/^password thread: /),
  });
  const good = thread.run(input);
  await bad;
  expect(await good).toEqual(strong);
});

test("at most so many jobs wait; a further one is refused at once", async () => {
  const thread = threadWith(answerStrong, { mostJobs: 2 });
  const admitted = [thread.run(input), thread.run(input)];
  await expect(thread.run(input)).rejects.toMatchObject({
    code: "overloaded",
    reason: "password thread: too many jobs wait",
  });
  expect(await Promise.all(admitted)).toEqual([strong, strong]);
  expect(await thread.run(input)).toEqual(strong);
});

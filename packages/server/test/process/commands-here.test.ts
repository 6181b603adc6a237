import { Worker } from "node:worker_threads";
import { Place } from "@latchkey/testkit/server/server-process";
import { beforeAll, expect, test } from "vitest";

const place = new Place({ commands: "here" });

beforeAll(async () => {
  await (await place.server()).stop();
});

/** Input that fails the standard output of the command that reads it. */
async function* failingOutput(code: string) {
  process.stdout.emit("error", Object.assign(new Error(`write ${code}`), { code }));
  yield Buffer.from("");
}

test.for([
  ["EPIPE", 0, ""],
  [
    "ENOSPC",
    1,
    "latchkey: cannot write to standard output (write ENOSPC): free disk space, or redirect it elsewhere\n",
  ],
] as const)("a command of the test process ends at its first exit: %s", async ([code, status, stderr]) => {
  const result = await place.latchkey(["user", "passwd", "admin"], { input: failingOutput(code) });
  expect(result).toEqual({ status, signal: null, stdout: "", stderr });
  expect(process.exitCode).toBeUndefined();
  expect(await place.latchkey(["user", "list"])).toMatchObject({ status: 0, stderr: "" });
});

test("the output of a command has no warning about threads of the test process", async () => {
  const idle = "require('node:worker_threads').parentPort.on('message', () => {})";
  const threads = Array.from({ length: 12 }, () => new Worker(idle, { eval: true }));
  try {
    const input = "a passphrase of my own\n";
    expect(await place.latchkey(["user", "passwd", "admin"], { input })).toMatchObject({
      status: 0,
      stderr: "",
    });
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
});

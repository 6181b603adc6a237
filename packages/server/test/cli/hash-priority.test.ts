import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { hashThreads } from "../../src/cli/hash-priority.ts";

test("a thread that ends meanwhile is left out, and does not stop the start", () => {
  const threads = mkdtempSync(join(tmpdir(), "latchkey-"));
  onTestFinished(() => rmSync(threads, { recursive: true }));
  const names = { 7: "libuv-worker\n", 8: "node\n", 9: undefined, 10: "libuv-worker\n" };
  for (const [thread, name] of Object.entries(names)) {
    mkdirSync(join(threads, thread));
    if (name !== undefined) writeFileSync(join(threads, thread, "comm"), name);
  }
  expect(hashThreads(threads).sort((a, b) => a - b)).toEqual([7, 10]);
});

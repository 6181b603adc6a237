import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const source = (name: string) => JSON.stringify(join(import.meta.dirname, "../../src", name));
const count = 200;

/** Runs a server in memory that writes many lines before its first request, and then runs `more`. */
function logAnd(more: string): Promise<{ failed: boolean; lines: string[]; stderr: string }> {
  const program = `
    const { runServer } = await import(${source("cli/server-process.ts")});
    const { readConfig } = await import(${source("config/config.ts")});
    await runServer(readConfig({ LATCHKEY_DATABASE: ":memory:", LATCHKEY_PORT: "0" }), async (people, log) => {
      for (let line = 0; line < ${count}; line++) log.info({ line }, "a line");
      ${more}
    });`;
  const args = ["--input-type=module", "--eval", program];
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, stdout, stderr) => {
      const lines = stdout.split("\n").filter((line) => line.includes('"a line"'));
      resolve({ failed: error?.code === 1, lines, stderr });
    });
  });
}

test.for([
  ["a start that fails", 'throw new Error("no start");', /no start/],
  ["an error that nothing catches", 'process.nextTick(() => { throw new Error("stopped"); });', /stopped/],
] as const)("%s leaves the whole log", async ([, more, said]) => {
  const { failed, lines, stderr } = await logAnd(more);
  expect(failed).toBe(true);
  expect(lines).toHaveLength(count);
  expect(stderr).toMatch(said);
});

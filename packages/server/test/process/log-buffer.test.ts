import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";

const module = JSON.stringify(join(import.meta.dirname, "../../src/log-destination.ts"));
const mebibyte = 1024 * 1024;

/** Writes 8 MiB in lines of 1 KiB, then reports the number of dropped lines and the recovery. */
const program = `
  const { openDestination } = await import(${module});
  const log = openDestination((lost) => process.stderr.write("recovered after " + lost + "\\n"));
  for (let line = 0; line < 8192; line++) {
    log.write("x".repeat(1023) + "\\n");
    if (line % 64 === 0) await new Promise(setImmediate);
  }
  process.stderr.write("dropped " + log.lost() + "\\n");`;

test("an unread log buffers 4 MiB and drops the rest", async () => {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(child, "close");
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    // The reader comes back when all lines are written or dropped.
    if (said.includes("dropped")) child.stdout.resume();
  });
  let received = 0;
  child.stdout.on("data", (bytes: Buffer) => {
    received += bytes.length;
  });
  child.stdout.pause();
  await closed;

  const dropped = Number(/^dropped (\d+)$/m.exec(said)?.[1]);
  // The pipe buffers another 64 KiB on Linux.
  expect(8 * mebibyte - dropped * 1024).toBeGreaterThan(3.9 * mebibyte);
  expect(8 * mebibyte - dropped * 1024).toBeLessThan(4.3 * mebibyte);
  expect(received).toBe(8 * mebibyte - dropped * 1024);
  expect(said).toContain(`recovered after ${dropped}`);
});

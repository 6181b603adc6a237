import { mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Reserve } from "../../src/store/sqlite/reserve.ts";

const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
afterAll(() => rmSync(folder, { recursive: true }));

const whole = 16 * 1024 * 1024;

test("a reserve left incomplete by a crash is completed", () => {
  const reserve = new Reserve(join(folder, "cut.db"));
  expect(reserve.take()).toBe(true);
  truncateSync(reserve.path, 1_500_000);
  expect(reserve.take()).toBe(true);
  expect(statSync(reserve.path).size).toBeGreaterThanOrEqual(whole);
});

test("a missing folder yields neither a reserve nor an error", () => {
  const reserve = new Reserve(join(folder, "none", "lost.db"));
  expect(reserve.take()).toBe(false);
});

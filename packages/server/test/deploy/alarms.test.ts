import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const cwd = fileURLToPath(new URL("../../../../deploy", import.meta.url));
const promtool = (...args: string[]) => promisify(execFile)("promtool", args, { cwd });

test("Prometheus accepts deploy/prometheus-rules.yml", async () => {
  const { stdout } = await promtool("check", "rules", "prometheus-rules.yml");
  expect(stdout).toMatch(/SUCCESS: \d+ rules found/);
});

test.each(["prometheus-rules.test.yml", "prometheus-rules-days.test.yml"])(
  "the alarms fire and stay quiet as in deploy/%s",
  async (file) => {
    const { stdout } = await promtool("test", "rules", file);
    expect(stdout).toContain("SUCCESS");
  },
);

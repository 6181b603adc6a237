import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { auditEventNames, auditReasons } from "../../src/core/audit-events.ts";

const page = readFileSync(new URL("../../../../docs/operations.md", import.meta.url), "utf8");
const rowOf = (name: string) => page.split("\n").find((line) => line.split("|")[1]?.includes(`\`${name}\``));

test.each(auditEventNames)("docs/operations.md lists %s with its reasons", (name) => {
  const row = rowOf(name);
  expect(row).toBeDefined();
  const [, reasons = []] = Object.entries(auditReasons).find(([one]) => one === name) ?? [];
  for (const reason of reasons) expect(row).toContain(`\`${reason}\``);
});

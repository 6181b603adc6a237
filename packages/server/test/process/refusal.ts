import type { CommandResult } from "@latchkey/testkit/server/server-process";
import { expect } from "vitest";

/** Expects a refused command: exit status 1, the cause as one line on standard error, no output. */
export function expectRefusal(result: CommandResult, why: RegExp): void {
  expect(result).toMatchObject({ status: 1, stdout: "" });
  expect(result.stderr).toMatch(/^latchkey: [^\n]+\n$/);
  expect(result.stderr).toMatch(why);
}

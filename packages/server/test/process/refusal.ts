import type { CommandResult } from "@latchkey/testkit/server/server-process";
import { expect } from "vitest";

/** A command that was refused: exit status 1, one line on standard error that says why, nothing else. */
export function expectRefusal(result: CommandResult, why: RegExp): void {
  expect(result).toMatchObject({ status: 1, stdout: "" });
  expect(result.stderr).toMatch(/^latchkey: [^\n]+\n$/);
  expect(result.stderr).toMatch(why);
}

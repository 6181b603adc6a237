import type { CommandResult } from "@latchkey/testkit/server/server-process";
import { expect } from "vitest";

/** Expects a refused command: exit status 1, the cause as one line on standard error, no output. */
export function expectRefusal(result: CommandResult, why: RegExp): void {
  expectFailure(result, 1, why);
}

/** Expects a command line that was not understood: as `expectRefusal`, with exit status 2. */
export function expectUsageError(result: CommandResult, why: RegExp): void {
  expectFailure(result, 2, why);
}

function expectFailure(result: CommandResult, status: number, why: RegExp): void {
  expect(result).toMatchObject({ status, stdout: "" });
  expect(result.stderr).toMatch(/^latchkey: [^\n]+\n$/);
  expect(result.stderr).toMatch(why);
}

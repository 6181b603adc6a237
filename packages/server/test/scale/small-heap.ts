import type { Environment, Place } from "@latchkey/testkit/server/server-process";
import { expect } from "vitest";

/** Node ends a process whose heap needs more. The server alone needs 30 MB of it. */
export const smallHeap: Environment = { NODE_OPTIONS: "--max-old-space-size=64" };

/** Runs a command with a small heap to its end, however long that takes. @returns its standard output */
export async function runInSmallHeap(
  place: Place,
  args: readonly string[],
  env: Environment,
): Promise<string> {
  const command = place.start(args, { env: { ...env, ...smallHeap } });
  const exit = await command.exited;
  expect({ ...exit, stderr: command.stderr() }).toEqual({ status: 0, signal: null, stderr: "" });
  return command.stdout();
}

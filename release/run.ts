import { execFileSync } from "node:child_process";
import { root } from "./packages.ts";

/**
 * Runs a program to its end. Its standard error is shown.
 *
 * @param cwd its folder. Default: the root of the repository
 * @param timeout in milliseconds. Default: 10 minutes
 * @returns its standard output
 * @throws {Error} if it fails, or runs for longer
 */
export function run(program: string, args: readonly string[], cwd = root, timeout = 600_000): string {
  return execFileSync(program, args, {
    cwd,
    timeout,
    // A stalled npm has been seen to ignore SIGTERM.
    killSignal: "SIGKILL",
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

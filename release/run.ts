import { execFileSync } from "node:child_process";
import { root } from "./packages.ts";

/**
 * Runs a program to its end. Its standard error is shown.
 *
 * @param cwd its folder. Default: the root of the repository
 * @returns its standard output
 * @throws {Error} if it fails
 */
export function run(program: string, args: readonly string[], cwd = root): string {
  return execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

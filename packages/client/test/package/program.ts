import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { inject } from "vitest";

const execute = promisify(execFile);

/** Writes a file beside the installed package. @returns its path */
function place(name: string, source: string): string {
  const file = join(mkdtempSync(join(inject("client").project, "program-")), name);
  writeFileSync(file, source);
  return file;
}

/**
 * Runs a program beside the installed package, in its own process.
 *
 * @param name ends in `mjs` or `cjs`, by which Node chooses the module system
 * @returns its output, parsed as JSON
 */
export async function run(name: string, source: string, ...args: readonly string[]): Promise<unknown> {
  const { stdout } = await execute(process.execPath, [place(name, source), ...args]);
  return JSON.parse(stdout);
}

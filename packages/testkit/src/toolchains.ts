import { execFile } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const cache = fileURLToPath(new URL("../../../.cache/", import.meta.url));
const execute = promisify(execFile);

/** A folder outside git, kept from run to run. @returns its path, which ends with a slash */
export function cacheFolder(name: string): string {
  const folder = `${cache}${name}/`;
  mkdirSync(folder, { recursive: true });
  return folder;
}

export interface RunOptions {
  readonly cwd: string;
  /** Milliseconds. */
  readonly timeout?: number;
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a program to its end.
 *
 * @returns its standard output
 * @throws {Error} with its whole output, if it fails
 */
export async function run(
  command: string,
  args: readonly string[],
  { cwd, timeout = 600_000, env = {} }: RunOptions,
): Promise<string> {
  try {
    const { stdout } = await execute(command, [...args], {
      cwd,
      timeout,
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, ...env },
    });
    return stdout;
  } catch (error) {
    const written =
      error instanceof Error ? ["stdout", "stderr"].map((name) => Reflect.get(error, name)) : [];
    throw new Error(`${command} ${args[0]} failed:\n${written.join("\n")}`, { cause: error });
  }
}

/** Makes a Python environment, unless the folder holds one. */
export async function pythonEnvironment(folder: string): Promise<void> {
  if (!existsSync(`${folder}/bin/pip`)) await run("python3", ["-m", "venv", folder], { cwd: cache });
}

import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** A folder in a project, with files of its own. */
export class ProgramFolder {
  readonly #folder: string;

  /** @param project the folder with the installed packages */
  constructor(project: string) {
    this.#folder = mkdtempSync(join(project, "program-"));
  }

  /** Writes a file. @returns its path */
  write(name: string, text: string): string {
    const file = join(this.#folder, name);
    writeFileSync(file, text);
    return file;
  }

  /**
   * Runs a program in this folder.
   *
   * @param command the runtime, and its arguments
   * @param given the file of the program, and its arguments
   * @returns what it printed
   * @throws {Error} if it fails, with its standard error
   */
  async run(
    [command, ...args]: readonly [string, ...string[]],
    ...given: readonly string[]
  ): Promise<string> {
    const { stdout } = await execute(command, [...args, ...given], {
      cwd: this.#folder,
      timeout: 110_000,
    });
    return stdout;
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { afterAll } from "vitest";

/** Timeout of a start on a loaded machine, in milliseconds. */
const startTimeout = 20_000;

/** Scripts in processes of their own. All of them end after the last test of the file. */
export class Scripts {
  readonly #running: ChildProcess[] = [];

  constructor() {
    afterAll(() => {
      for (const child of this.#running) child.kill("SIGKILL");
    });
  }

  /**
   * Starts one and waits for a line with an expected beginning.
   *
   * @returns the line
   */
  start(file: string, beginning: string): Promise<string> {
    const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "pipe"] });
    this.#running.push(child);
    return new Promise((resolve, reject) => {
      let written = "";
      const timer = setTimeout(() => reject(new Error(`${file} did not start: ${written}`)), startTimeout);
      const read = (text: string) => {
        written += text;
        // The text after the last line break may be half a line.
        const line = written
          .split("\n")
          .slice(0, -1)
          .find((one) => one.startsWith(beginning));
        if (line === undefined) return;
        clearTimeout(timer);
        resolve(line);
      };
      child.stdout.setEncoding("utf8").on("data", read);
      child.stderr.setEncoding("utf8").on("data", read);
      child.once("exit", () => {
        clearTimeout(timer);
        reject(new Error(`${file} has ended: ${written}`));
      });
    });
  }
}

import { visible } from "../../terminal.ts";

/** Characters of the bar. */
const width = 30;

/** A bar on standard error, if it is a terminal, and lines that scroll above it. */
export class Progress {
  readonly #total: number;
  readonly #isShown = process.stderr.isTTY;
  #done = 0;

  /** @param total bytes of the file */
  constructor(total: number) {
    this.#total = total;
  }

  /** @param bytes that were read since the last call */
  advance(bytes: number): void {
    this.#done += bytes;
  }

  show(note: string): void {
    if (!this.#isShown) return;
    const part = this.#total === 0 ? 1 : Math.min(1, this.#done / this.#total);
    const bar = "#".repeat(Math.round(part * width)).padEnd(width, ".");
    process.stderr.write(`\r[${bar}] ${Math.floor(part * 100)} %  ${note}\u001b[K`);
  }

  line(text: string): void {
    this.clear();
    process.stderr.write(`${visible(text)}\n`);
  }

  clear(): void {
    if (this.#isShown) process.stderr.write("\r\u001b[K");
  }
}

import type { ReadStream } from "node:tty";
import { assertPlain, firstLineOf, SettingProblem } from "../config/setting-text.ts";
import { UsageProblem } from "./failures.ts";

/** A pasted file is no password. */
const maxInput = 64 * 1024;

/**
 * Asks for a new password: twice and unseen on a terminal, or one line of standard input. Never an
 * argument: those are visible to every user of the machine.
 */
export async function askNewPassword(): Promise<string> {
  const { stdin } = process;
  if (!stdin.isTTY) return firstLine(stdin);
  const lines = new UnseenLines(stdin);
  const password = await lines.ask("New password: ");
  if ((await lines.ask("Once more: ")) !== password) throw new UsageProblem("the two passwords differ");
  typeable(() => assertPlain(password));
  return password;
}

/** The first line of standard input. @throws {UsageProblem} when its text could not be typed again */
async function firstLine(input: AsyncIterable<Buffer | string>): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of input) {
    const bytes = Buffer.from(part);
    parts.push(bytes);
    length += bytes.length;
    if (bytes.includes("\n") || length > maxInput) break;
  }
  const read = Buffer.concat(parts);
  // In UTF-16 the line end has a second byte.
  const end = read.indexOf("\n");
  const line = typeable(() => firstLineOf(end < 0 ? read : read.subarray(0, end + 1)));
  if (line === "")
    throw new UsageProblem("no password on standard input: `latchkey user passwd NAME < file`");
  return line;
}

/** Runs work that reads a password. @throws {UsageProblem} saying why that password cannot be typed */
function typeable<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof SettingProblem)
      throw new UsageProblem(`the password was not taken: ${error.message}`);
    throw error;
  }
}

/** Lines typed on a terminal, unseen. What was typed ahead is kept for the next question. */
class UnseenLines {
  readonly #terminal: ReadStream;
  #ahead = "";

  constructor(terminal: ReadStream) {
    this.#terminal = terminal;
  }

  ask(question: string): Promise<string> {
    const terminal = this.#terminal;
    process.stderr.write(question);
    terminal.setRawMode(true);
    terminal.setEncoding("utf8");
    terminal.resume();
    return new Promise((resolve, reject) => {
      const typed: string[] = [];
      const finish = (rest: string[], settle: () => void) => {
        this.#ahead = rest.join("");
        terminal.off("data", take);
        terminal.setRawMode(false);
        terminal.pause();
        process.stderr.write("\n");
        settle();
      };
      const take = (text: string) => {
        const keys = [...text];
        for (let key = keys.shift(); key !== undefined; key = keys.shift()) {
          if (key === "\r" || key === "\n") return finish(keys, () => resolve(typed.join("")));
          if (key === "\u0003" || key === "\u0004") {
            return finish([], () => reject(new UsageProblem("nothing was changed")));
          }
          if (key === "\u007f" || key === "\b") typed.pop();
          else if (key === "\u0015") typed.length = 0;
          else typed.push(key);
        }
      };
      terminal.on("data", take);
      take(this.#ahead);
    });
  }
}

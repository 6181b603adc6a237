import type { ReadStream } from "node:tty";
import { assertPlain, firstLineOf, SettingProblem } from "../config/setting-text.ts";
import { CommandProblem } from "./failures.ts";

/** Reading stops after so many bytes: more is a pasted file, which the password policy refuses. */
const maxInput = 64 * 1024;

/**
 * Asks for a new password. On a terminal it asks twice and shows nothing; otherwise it reads one line of standard input.
 * The password is never an argument, because every user of the machine can read those.
 */
export async function askNewPassword(): Promise<string> {
  const { stdin } = process;
  if (!stdin.isTTY) return firstLine(stdin);
  const lines = new HiddenLines(stdin);
  const password = await lines.ask("New password: ");
  if ((await lines.ask("Repeat it: ")) !== password) throw new CommandProblem("the two passwords differ");
  readable(() => assertPlain(password));
  return password;
}

/** @throws {CommandProblem} if a password cannot be typed on a terminal */
function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof SettingProblem
      ? new CommandProblem(`the password was refused: ${error.message}`)
      : error;
  }
}

/** The first line of standard input. @throws {CommandProblem} if its text cannot be typed on a terminal */
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
  // Only the first line is decoded. Bytes after the line end may have any encoding.
  const end = read.indexOf("\n");
  const line = readable(() => firstLineOf(end < 0 ? read : read.subarray(0, end + 1)));
  if (line === "") throw new CommandProblem("standard input is empty: `latchkey user passwd NAME < file`");
  return line;
}

/** Lines typed on a terminal without echo. Text that was typed ahead answers the next question. */
class HiddenLines {
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
            return finish([], () => reject(new CommandProblem("nothing was changed")));
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

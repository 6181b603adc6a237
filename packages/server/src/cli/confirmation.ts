import { createInterface } from "node:readline/promises";
import { visible } from "../terminal.ts";
import { CommandProblem } from "./failures.ts";

/**
 * Asks on the terminal before a change that is hard to undo. A command without a terminal cannot ask, so it refuses.
 *
 * @param consequence a sentence without its full stop
 * @throws {CommandProblem} unless the answer is yes
 */
export async function confirm(consequence: string): Promise<void> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY || !stderr.isTTY) throw new CommandProblem(`${consequence}. To go on, add --yes`);
  const lines = createInterface({ input: stdin, output: stderr });
  // The end of the input, by Ctrl-D or Ctrl-C, is an answer too.
  const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
  const answer = await Promise.race([lines.question(`${visible(consequence)}. Go on? [y/N] `), ended]);
  lines.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandProblem("nothing was changed");
}

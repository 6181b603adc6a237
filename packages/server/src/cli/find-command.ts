import type { Command } from "./command.ts";
import { commands } from "./commands.ts";
import { UsageProblem } from "./failures.ts";
import { hintOf, nearMiss } from "./near-miss.ts";

/** The task of a command line: a command with its arguments, the help for some words, or the version. */
export type Task =
  | { readonly command: Command; readonly args: readonly string[] }
  | { readonly help: readonly string[] }
  | "version";

/**
 * Finds the task of a command line. `--help` behind any command asks for the help of that command.
 *
 * @throws {UsageProblem} for an unknown command, with the one that was probably meant
 */
export function findTask(args: readonly string[]): Task {
  const [first = "help", ...rest] = args;
  if (/^(help|--help|-h)$/.test(first)) return { help: rest.filter((word) => !/^(--help|-h)$/.test(word)) };
  if (asksForHelp(args)) {
    const isPair = commands.some(({ name }) => name === `${first} ${rest[0]}`);
    return { help: args.slice(0, isPair ? 2 : 1) };
  }
  if (/^(version|--version|-v)$/.test(first)) {
    if (rest.length > 0) throw new UsageProblem("version takes no argument: usage: latchkey version");
    return "version";
  }
  for (const count of [2, 1]) {
    const command = commands.find(({ name }) => name === args.slice(0, count).join(" "));
    if (command !== undefined) return { command, args: args.slice(count) };
  }
  throw unknownCommand(args);
}

/** The commands of a group, such as `user`. */
export function commandsOf(group: string): readonly Command[] {
  return commands.filter(({ name }) => name.startsWith(`${group} `));
}

/** @throws {UsageProblem} if no command has this name */
export function commandNamed(name: string): Command {
  const found = commands.find((command) => command.name === name);
  if (found === undefined) throw unknownCommand(name.split(" "));
  return found;
}

/** The problem of words that name no command. */
function unknownCommand(words: readonly string[]): UsageProblem {
  const [first = "", second] = words;
  const typed = words.join(" ");
  if (commands.some(({ name }) => typed.startsWith(`${name} `)))
    return new UsageProblem(`unknown command ${typed}: \`latchkey help\` lists all commands`);
  const group = commandsOf(first).map(({ name }) => name.slice(first.length + 1));
  if (group.length === 0) {
    if (first.startsWith("-"))
      return new UsageProblem(`a command comes before ${first}: see \`latchkey help\``);
    const near = nearMiss(first, [
      ...commands.map(({ name }) => name.split(" ", 1)[0] ?? ""),
      "help",
      "version",
    ]);
    return new UsageProblem(`unknown command ${first}: ${hintOf(near)}\`latchkey help\` lists all commands`);
  }
  const usage = `usage: latchkey ${first} ${group.join("|")}`;
  if (second === undefined || second.startsWith("-")) return new UsageProblem(usage);
  return new UsageProblem(`unknown command ${first} ${second}: ${hintOf(nearMiss(second, group))}${usage}`);
}

/** Whether `--help` or `-h` stands before `--`, behind which only arguments follow. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).some((arg) => arg === "--help" || arg === "-h");
}

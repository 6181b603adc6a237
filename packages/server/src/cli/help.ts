import { allSettings, fileVariableOf, flagOf, variableOf } from "../config/settings.ts";
import { type Command, usageOf } from "./command.ts";
import { commands } from "./commands.ts";
import { commandNamed, commandsOf } from "./find-command.ts";

/** The width of all help, in columns: that of a terminal of the usual size. */
const width = 80;

/**
 * The lines of help, derived from the syntax of the commands.
 *
 * @param words a command, a group such as `user`, or `settings`
 */
export function helpFor(words: readonly string[]): readonly string[] {
  const topic = words.join(" ");
  if (/^(help|version)?$/.test(topic)) return overview();
  if (topic === "settings") return settingsHelp();
  const group = commandsOf(topic);
  return group.length > 0 ? groupHelp(topic, group) : commandHelp(commandNamed(topic));
}

function overview(): string[] {
  return [
    "latchkey: sign-in for APIs and MCP servers",
    "",
    ...pairs([
      ...commands.map(({ name, meaning }): [string, string] => [`latchkey ${name}`, meaning]),
      ["latchkey version", "show the version"],
      ["latchkey help", "show this text"],
    ]),
    "",
    ...wrapped("`latchkey help user add` shows the arguments, flags and an example of a command."),
    ...wrapped("`latchkey help settings` shows all settings, each a variable and a flag."),
  ];
}

function groupHelp(group: string, members: readonly Command[]): string[] {
  const lines = members.flatMap((member) => [...usage(member, "  "), `      ${member.meaning}`]);
  return [
    `latchkey ${group}`,
    "",
    ...lines,
    "",
    ...wrapped(`\`latchkey help ${members[0]?.name}\` shows more.`),
  ];
}

function commandHelp(command: Command): string[] {
  const { argument, options, input = [], notes = [], settings, example, meaning } = command;
  const parts = Object.entries(options).map(([name, option]): [string, string] => [
    option.value === undefined ? `--${name}` : `--${name} ${option.value}`,
    option.many ? `${option.meaning}; may be repeated` : option.meaning,
  ]);
  if (argument !== undefined) parts.unshift([argument.name, argument.meaning]);
  const flags = settings.map((name) => `--${flagOf(name)}`).join(" ");
  return [
    ...usage(command, "usage: "),
    "",
    ...wrapped(`${meaning}.`.replace(/^./, (first) => first.toUpperCase())),
    ...[input, notes].flat().flatMap((note) => wrapped(note)),
    ...(parts.length > 0 ? ["", ...pairs(parts)] : []),
    ...(flags === "" ? [] : ["", "Flags of settings (`latchkey help settings`):", ...wrapped(flags, "  ")]),
    "",
    "Example:",
    `  latchkey ${example}`,
    "",
    ...wrapped("Exit status: 0 done, 1 failed, 2 the command line was not understood."),
  ];
}

function settingsHelp(): string[] {
  return [
    "Settings, each a variable and a flag. Secrets have no flag:",
    "",
    ...allSettings.flatMap(([name, setting]) => {
      const flag = setting.secret ? "" : `, --${flagOf(name)}`;
      const meaning = `${setting.meaning} (default: ${setting.shown ?? setting.fallback})`;
      const file = fileVariableOf(name, setting);
      const fromFile = file === undefined ? [] : [`      or ${file}, the path of a file with it`];
      return [`  ${variableOf(name)}${flag}`, ...wrapped(meaning, "      "), ...fromFile];
    }),
  ];
}

function usage(command: Command, start: string): string[] {
  // A flag stays on one line with its value.
  const parts = usageOf(command).match(/\[[^\]]*\]|--\S+ [A-Z]+|\S+/g) ?? [];
  const lines = folded(parts, width - start.length);
  return lines.map((line, index) => `${index === 0 ? start : `${" ".repeat(start.length)}  `}${line}`);
}

/** Two columns: a term and its meaning. */
function pairs(rows: readonly (readonly [term: string, meaning: string])[]): string[] {
  const column = Math.max(...rows.map(([term]) => term.length)) + 2;
  return rows.flatMap(([term, meaning]) =>
    folded(meaning.split(" "), width - column - 2).map(
      (line, index) => `  ${(index === 0 ? term : "").padEnd(column)}${line}`,
    ),
  );
}

function wrapped(text: string, indent = ""): string[] {
  return folded(text.split(" "), width - indent.length).map((line) => `${indent}${line}`);
}

/** Words in lines of at most so many columns. A longer word has a line of its own. */
function folded(words: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

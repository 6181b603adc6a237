import { parseArgs } from "node:util";
import { readConfig } from "../config/config.ts";
import { assertPlain } from "../config/setting-text.ts";
import { allSettings, flagOf, variableOf } from "../config/settings.ts";
import { type Given, type Syntax, usageOf } from "./command.ts";
import { readArgument, UsageProblem } from "./failures.ts";
import { hintOf, nearMiss } from "./near-miss.ts";

/** A command line in parts. A flag has one value for each occurrence; that of a switch is empty. */
interface Parts {
  readonly words: readonly string[];
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/** A message that names more flags than these refers to the help instead. */
const mostNamed = 9;

/**
 * Reads the arguments of a command, and the settings.
 *
 * @throws {UsageProblem} for a part that the command does not take; {SettingProblem} for a setting that is not understood
 */
export function readArguments(syntax: Syntax, args: readonly string[]): Given {
  const { words, values } = parseCommandLine(syntax, args);
  const flags = Object.fromEntries(
    syntax.settings.map(flagOf).map((flag) => [flag, values.get(flag)?.at(-1)]),
  );
  for (const [name, { holdsSecret }] of allSettings)
    if (holdsSecret?.(flags[flagOf(name)] ?? "")) throw visibleSecret(name, "the password in");
  return {
    words,
    config: readConfig(process.env, flags),
    has: (name) => values.has(name),
    option: (name) => values.get(name)?.at(-1),
    options: (name) => values.get(name) ?? [],
  };
}

/**
 * Splits a command line into arguments and flags, by the syntax of its command.
 *
 * @throws {UsageProblem} for an unknown flag, a missing or surplus part, and text that cannot be typed on a terminal
 */
export function parseCommandLine(syntax: Syntax, args: readonly string[]): Parts {
  const flags = new Map(
    Object.entries(syntax.options).map(([name, { value }]) => [name, value !== undefined]),
  );
  for (const name of syntax.settings) flags.set(flagOf(name), true);
  const options = Object.fromEntries(
    [...flags].map(([flag, hasValue]) => [flag, { type: hasValue ? "string" : "boolean" } as const]),
  );
  // The parser only splits. Its own messages name no command and no cure.
  const { tokens } = parseArgs({
    args: [...args],
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const words: string[] = [];
  const values = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const hasValue = token.rawName.startsWith("--") ? flags.get(token.name) : undefined;
    if (hasValue === undefined) throw unknownFlag(syntax, flags.keys(), token.rawName, token.name);
    const value = readValue(syntax, token, hasValue);
    values.set(token.name, [...(values.get(token.name) ?? []), value]);
  }
  assertComplete(syntax, words, values);
  return { words, values };
}

/** The value of a flag, checked. Empty for a switch. */
function readValue(
  syntax: Syntax,
  {
    rawName,
    value,
    inlineValue,
  }: { rawName: string; value?: string | undefined; inlineValue?: boolean | undefined },
  hasValue: boolean,
): string {
  const help = `\`latchkey help ${syntax.name}\` shows an example`;
  if (!hasValue) {
    if (value !== undefined) throw new UsageProblem(`${rawName} takes no value: ${help}`);
    return "";
  }
  // `--name --role` has lost the name. A value that begins so is written with `=`.
  if (value === undefined || (!inlineValue && /^-./.test(value)))
    throw new UsageProblem(`${rawName} needs a value: ${help}`);
  return value;
}

function assertComplete(syntax: Syntax, words: readonly string[], values: Parts["values"]): void {
  const { argument, options } = syntax;
  const most = argument === undefined ? 0 : 1;
  if (words.length > most) {
    // A surplus argument may be a password, so the message leaves it out.
    const taken = argument === undefined ? "no argument" : "one argument";
    const input = syntax.input === undefined ? "" : `. ${syntax.input}`;
    throw new UsageProblem(`${syntax.name} takes ${taken}: usage: ${usageOf(syntax)}${input}`);
  }
  const missing = Object.entries(options).some(([name, { required }]) => required && !values.has(name));
  if (missing || (words.length === 0 && argument !== undefined && !argument.optional))
    throw new UsageProblem(`usage: ${usageOf(syntax)}`);
  for (const word of words) assertTyped(argument?.name ?? "an argument", word);
  for (const [name, { value }] of Object.entries(options))
    if (value !== undefined) for (const text of values.get(name) ?? []) assertTyped(`--${name}`, text);
}

/** @throws {UsageProblem} for a text that is empty, or that cannot be typed on a terminal */
function assertTyped(name: string, text: string): void {
  if (text === "") throw new UsageProblem(`${name} is empty`);
  readArgument(name, () => assertPlain(text));
}

function unknownFlag(
  { name: command, argument }: Syntax,
  known: Iterable<string>,
  typed: string,
  flag: string,
): UsageProblem {
  const secret = allSettings.find(([name, setting]) => setting.secret && flagOf(name) === flag);
  if (secret !== undefined) return visibleSecret(secret[0], "the value of");
  const flags = [...known].map((name) => `--${name}`);
  const near = hintOf(nearMiss(typed, flags));
  const help = `\`latchkey help ${command}\``;
  const cure =
    flags.length > mostNamed || flags.length === 0
      ? `${help} shows all that it takes`
      : `it takes ${flags.join(", ")}; see ${help}`;
  // One session id in 64 begins with `-`, and no flag has one letter.
  const behind =
    argument === undefined || typed.startsWith("--")
      ? ""
      : `; ${argument.name} that begins with \`-\` goes behind \`--\``;
  return new UsageProblem(`${command} takes no flag ${typed}: ${near}${cure}${behind}`);
}

function visibleSecret(name: string, secret: string): UsageProblem {
  return new UsageProblem(
    `${secret} --${flagOf(name)} would be visible in the process list: set ${variableOf(name)} in the environment, without the flag`,
  );
}
